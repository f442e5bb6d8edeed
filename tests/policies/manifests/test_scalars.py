"""Plain scalars mean what Kubernetes' parser makes of them; real kubectl is the judge."""

from __future__ import annotations

import json
import subprocess

import pytest

from flagstone.policies.manifests.scalars import key_text, resolve, resolve_tagged
from flagstone.policies.manifests.tools import find_tool

MEANINGS = {
    "y": True,
    "Yes": True,
    "on": True,
    "N": False,
    "off": False,
    "true": True,
    "yEs": "yEs",
    "~": None,
    "null": None,
    "=": "=",
    "1:30": "1:30",
    "190:20:30": "190:20:30",
    "2001-01-01": "2001-01-01",
    "2001-01-01T00:00:00Z": "2001-01-01T00:00:00Z",
    "014": 12,
    "0o14": 12,
    "08": 8.0,
    "0x1F": 31,
    "-0b11": -3,
    "1_000": 1000,
    "+1": 1,
    "1e3": 1000.0,
    ".5": 0.5,
    ".9_1": 0.91,
    ".91_": ".91_",
    "1.": 1.0,
    "0x": "0x",
    "1e400": "1e400",
    "9223372036854775807": 9223372036854775807,
    "123456789012345678901": 1.2345678901234568e20,
    "500m": "500m",
    "v1.2": "v1.2",
}


@pytest.mark.parametrize(("text", "meaning"), MEANINGS.items(), ids=list(MEANINGS))
def test_resolve(text, meaning):
    value = resolve(text)
    assert value == meaning
    assert type(value) is type(meaning)


def test_the_empty_scalar_is_null():
    assert resolve("") is None


def test_a_number_of_a_thousand_digits_stays_text():
    assert resolve("9" * 1000) == "9" * 1000


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("12", "tag:yaml.org,2002:str", "12"),
        ("3", "tag:yaml.org,2002:int", 3),
        ("1", "tag:yaml.org,2002:float", 1.0),
        ("bar", "!Ref", "bar"),
        ("12", "!", "12"),
    ],
)
def test_resolve_tagged(text, tag, value):
    assert resolve_tagged(text, tag) == value
    assert type(resolve_tagged(text, tag)) is type(value)


def test_keys_are_text_as_in_json():
    assert [key_text(v) for v in (True, False, 1, 1.5, "a", None)] == [
        "true",
        "false",
        "1",
        "1.5",
        "a",
        None,
    ]


def test_kubectl_reads_the_same(tmp_path):
    kubectl = find_tool("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    file = tmp_path / "map.yaml"
    lines = [f"  k{i}: {text}" for i, text in enumerate(MEANINGS)]
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
    file.write_text(head + "\n".join(lines))
    command = [kubectl, "annotate", "--local", "-f", str(file), "a=b", "-o", "json"]
    output = subprocess.run(command, capture_output=True, check=True)
    data = json.loads(output.stdout)["data"]
    for i, (text, meaning) in enumerate(MEANINGS.items()):
        assert data[f"k{i}"] == (pytest.approx(meaning) if isinstance(meaning, float) else meaning)
        assert isinstance(data[f"k{i}"], bool) is isinstance(meaning, bool), text
