"""Feature flags: of the design, of the paved path, and of somebody hostile."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.flags.source_code import SourceCode
from flagstone.scorecards.engine.reporting.report import CheckReport
from flagstone.scorecards.engine.states import State
from flagstone.scorecards.engine.subjects.artefacts import find_artefacts
from tests.corpora import design_example
from tests.scaffolds.rendering import render, render_service
from tests.scorecards.engine.samples import files_of, objects, score, scorecard, service
from tests.scorecards.engine.test_hostile_input import JUNK, places

IDS = tuple(f"FF-0{number}" for number in range(1, 10))
ENTITY = (
    b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: checkout}\n"
    b"spec: {type: service, lifecycle: production, owner: payments, dependsOn: ['component:partner-gateway']}\n"
)


def of_flags(files: dict[str, bytes]) -> dict[str, CheckReport]:
    return {check.id: check for check in service(score(files, scorecard(*IDS))).checks}


def states(found: dict[str, CheckReport]) -> dict[str, str]:
    return {check_id: str(check.state) for check_id, check in found.items()}


def design() -> dict[str, bytes]:
    """The example's flags and program, with its annotations on the pods."""
    parts = objects("rollout")
    patch = yaml.safe_load((design_example("flags") / "pod-annotations.yaml").read_text())
    pods = parts["rollout"]["spec"]["template"]["metadata"]
    pods["annotations"] = patch["spec"]["template"]["metadata"]["annotations"]
    folder = design_example("flags")
    return files_of(parts) | {
        "services/checkout/flags.yaml": (folder / "featureflag.yaml").read_bytes(),
        "services/checkout/app.mjs": (folder / "app.mjs").read_bytes(),
        "services/checkout/catalog-info.yaml": ENTITY,
    }


def test_the_examples_of_the_design_pass_but_for_a_switch_that_no_code_asks_for() -> None:
    found = of_flags(design())

    assert states(found) == dict.fromkeys(IDS, "pass") | {"FF-06": "warn"}
    assert found["FF-06"].summary == "partner-gateway-enabled: no code asks for it"


def test_the_flags_of_the_paved_path_pass() -> None:
    files = {path: text.encode() for path, text in render("paved-path").items()}

    silent = ("FF-01", "FF-05", "FF-06", "FF-09")
    assert states(of_flags(files)) == dict.fromkeys(IDS, "pass") | dict.fromkeys(
        silent, "not_applicable"
    )


@pytest.mark.parametrize("layer", ["python-api/service", "node-api/service", "worker/service"])
def test_the_program_of_a_new_service_asks_for_the_flag_of_the_paved_path(layer: str) -> None:
    files = {
        path: text.encode() for path, text in (render_service(layer) | render("paved-path")).items()
    }
    paths = [found.path for found in find_artefacts(Snapshot(files)) if found.kind == "code"]

    code = SourceCode(Snapshot(files), paths)

    assert [(call.key, call.has_default) for call in code.calls] == [("checkout-enabled", True)]
    assert code.providers
    assert code.vendors == []


@pytest.mark.parametrize(
    ("text", "key", "has_default"),
    [
        ('c.get_boolean_value("k", False)', "k", True),
        ('await c.getStringValue("k", "a,b", {x: [1, 2]})', "k", True),
        ('c.BooleanValue(ctx, "k", false, openfeature.EvaluationContext{})', "k", True),
        ('c.BooleanValue(r.Context(), "k", false, ec)', "k", True),
        ('c.getBooleanValue("k")', "k", False),
        ("c.getBooleanDetails(`k`, true)", "k", True),
        ("c.getBooleanValue(`k-${x}`, true)", "", True),
        ('c.getBooleanValue("k" + x, true)', "", True),
        ("c.getIntegerValue(KEY, 1)", "constant", True),
        ("c.getObjectValue<Price>(Keys.KEY, {})", "constant", True),
        ("c.getObjectValue(unknown, {})", "", True),
        ('await c.get_boolean_value_async(flag_key="k", default_value=True)', "k", True),
        ('await client.GetBooleanValueAsync("k", false)', "k", True),
    ],
)
def test_a_call_is_read(text: str, key: str, *, has_default: bool) -> None:
    program = f'import openfeature\nKEY = "constant"\n{text}\n'

    (call,) = SourceCode(Snapshot({"a.py": program.encode()}), ["a.py"]).calls

    assert (call.line, call.key, call.has_default) == (3, key, has_default)


@pytest.mark.parametrize(
    "text",
    [
        '# c.get_boolean_value("k", False)',
        "def get_boolean_value(self, key, default):",
        "func (c *Client) BooleanValue(ctx context.Context, key string) bool {",
        'print("boolean value")',
    ],
)
def test_what_is_no_call_is_none(text: str) -> None:
    program = f"import openfeature\n{text}\n"

    assert SourceCode(Snapshot({"a.py": program.encode()}), ["a.py"]).calls == []


def broken(files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    return [
        (one.ref, check.id, check.summary)
        for one in score(files, scorecard(*IDS)).services
        for check in one.checks
        if check.state is State.ERROR
    ]


FILE: dict[str, Any] = {
    "$schema": "https://flagd.dev/schema/v0/flags.json",
    "metadata": {"owner": "a"},
    "$evaluators": {"e": {"fractional": [{"var": "x"}, ["on", 1]]}},
    "flags": {
        "a": {
            "state": "ENABLED",
            "variants": {"on": True, "off": False},
            "defaultVariant": "off",
            "targeting": {
                "if": [{"$ref": "e"}, {"fractional": [{"cat": ["x", {"var": ["y"]}]}, ["on", 5]]}]
            },
            "metadata": {"kind": "release", "expires": "2026-12-01", "created": "2026-11-01"},
        }
    },
}
FLAG = {
    "apiVersion": "core.openfeature.dev/v1beta1",
    "kind": "FeatureFlag",
    "metadata": {"name": "checkout-flags", "namespace": "payments"},
    "spec": {"flagSpec": {key: value for key, value in FILE.items() if key != "$schema"}},
}
SOURCE = {
    "apiVersion": "core.openfeature.dev/v1beta1",
    "kind": "FeatureFlagSource",
    "metadata": {"name": "checkout-flags", "namespace": "payments"},
    "spec": {"sources": [{"source": "payments/checkout-flags", "provider": "kubernetes"}]},
}
ANNOTATED = objects("rollout")
ANNOTATED["rollout"]["spec"]["template"]["metadata"]["annotations"] = {
    "openfeature.dev/enabled": "true",
    "openfeature.dev/featureflagsource": "checkout-flags",
}
SERVICE = files_of(ANNOTATED) | {
    "services/checkout/catalog-info.yaml": ENTITY,
    "services/checkout/app.py": b'import openfeature\nc.get_boolean_value("a", False)\n',
}
TREE: dict[str, Any] = {"flags.json": FILE, "flags.yaml": FLAG, "source.yaml": SOURCE}
PLACES = list(places(TREE))


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(JUNK)), min_size=1, max_size=4))
def test_junk_in_any_place_breaks_no_check(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    tree = copy.deepcopy(TREE)
    for way, junk in changes:
        holder: Any = tree
        try:
            for key in way[:-1]:
                holder = holder[key]
            holder[way[-1]] = copy.deepcopy(junk)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    files = {
        f"services/checkout/{path}": (json.dumps if path.endswith("json") else yaml.safe_dump)(
            value
        ).encode()
        for path, value in tree.items()
    }

    assert broken(SERVICE | files) == []


@pytest.mark.parametrize(
    "text",
    [
        "openfeature " + "a" * 200_000,
        "openfeature " + "$" * 200_000,
        "import openfeature\n" + "c.get_boolean_value(" * 12_000,
        "import openfeature\n" + "import launchdarkly;" * 12_000,
        "openfeature = " * 18_000,
        "import openfeature\n" + "func (" * 20_000 + "x.BooleanValue(a, b)",
        "openfeature\x00",
    ],
    ids=["one word", "dollars", "brackets", "one line", "assignments", "functions", "binary"],
)
def test_a_hostile_program_neither_breaks_nor_hangs(text: str) -> None:
    start = time.monotonic()

    assert broken(SERVICE | {"services/checkout/more.py": text.encode()}) == []

    assert time.monotonic() - start < 60
