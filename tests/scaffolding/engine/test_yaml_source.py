from __future__ import annotations

import pytest

from flagstone.scaffolding.engine import yaml_source
from flagstone.scaffolding.errors import TemplateError


def read(text: str) -> yaml_source.Place:
    return yaml_source.read(text.encode(), file="x/template.yaml")


def test_values_are_json_types_only():
    place = read("a: 1\nb: 1.5\nc: true\nd: null\ne: 2026-01-02\nf: .inf\ng: yes\n12: x\n")
    assert place.value == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": "2026-01-02",
        "f": ".inf",
        "g": True,
        "12": "x",
    }


def test_every_place_knows_its_line():
    place = read("a:\n  b:\n    - x\n    - c: y\n")
    assert place.get("a").get("b").entries()[1].get("c").line == 4
    assert place.get("a").get("nothing").line == 1
    assert place.get("a").get("b").line == 2


def test_merge_keys_are_understood():
    place = read("base: &base {a: 1, b: 2}\nit:\n  <<: *base\n  b: 3\n")
    assert place.value["it"] == {"a": 1, "b": 3}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join(['*' + before] * 10)}]\n"
    for before, after in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "x/template.yaml, line 3: has the key 'a' twice"),
        (
            "a: [\n",
            "x/template.yaml, line 2: is not valid YAML: did not find expected node content",
        ),
        ("? [a]\n: b\n", "x/template.yaml, line 1: has a key that is not a text"),
        (BOMB, "x/template.yaml, line 1: holds more than 20000 values"),
        ("a: &a [*a]\n", "x/template.yaml, line 1: is nested deeper than 40"),
        ("[" * 60 + "]" * 60, "x/template.yaml, line 1: is nested deeper than 40"),
        (
            "a: 1\n---\nb: 2\n",
            "x/template.yaml, line 2: is not valid YAML: but found another document",
        ),
        ("x" * 300_000, "x/template.yaml: is larger than 256 KB"),
        ("a: *nowhere\n", "x/template.yaml, line 1: is not valid YAML: found undefined alias"),
    ],
)
def test_what_cannot_be_read_names_its_place(text, message):
    with pytest.raises(TemplateError) as caught:
        read(text)
    assert caught.value.message == message


def test_a_very_deep_document_is_an_error_and_no_crash():
    with pytest.raises(TemplateError):
        read("[" * 100_000)


def test_an_object_tag_makes_no_object():
    assert read("a: !!python/object/apply:os.system ['id']\n").value == {"a": ["id"]}


def test_bytes_that_are_no_text():
    with pytest.raises(TemplateError) as caught:
        yaml_source.read(b"a: \xff\n", file="x")
    assert caught.value.message == "x: is not UTF-8 text"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda place: place.need("b"), "x/template.yaml, line 1: the document lacks 'b'"),
        (lambda place: place.get("a").text(), "x/template.yaml, line 1: a must be a text"),
        (lambda place: place.get("a").mapping(), "x/template.yaml, line 1: a must be a mapping"),
        (lambda place: place.get("a").entries(), "x/template.yaml, line 1: a must be a list"),
    ],
)
def test_the_wrong_type_names_its_place(ask, message):
    with pytest.raises(TemplateError) as caught:
        ask(read("a: 1"))
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a: "x\\0y"', "has a text that holds the character NUL, which no text may have"),
        ('"x\\0y": 1', "has a key that holds the character NUL, which no text may have"),
        ("a: !!int many", "has the value 'many', which cannot be read as what it looks like"),
        ("a: 0b_", "has the value '0b_', which cannot be read as what it looks like"),
        ("a: " + "9" * 5000, f"has the value '{'9' * 40}', which cannot be read as what it looks like"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_read(text, message):
    with pytest.raises(TemplateError) as caught:
        read(text)
    assert caught.value.message == f"x/template.yaml, line 1: {message}"
