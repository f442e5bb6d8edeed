from __future__ import annotations

import pytest

from flagstone.catalog.engine.placeholders import Unresolved, fill_in, is_placeholder
from tests.catalog.engine.samples import entity

FILES = {
    "./readme.md": "Größe".encode(),
    "./a.json": b'{"a": [1, true]}',
    "./a.yaml": b"a:\n- yes\n",
    "./two.yaml": b"a: 1\n---\nb: 2\n",
    "./broken.yaml": b"a: 1\nb: [\n",
    "./binary": b"a\0b",
}


def resolve(where: str) -> bytes:
    try:
        return FILES[where]
    except KeyError:
        raise Unresolved("there is no such file.") from None


@pytest.mark.parametrize(
    ("placeholder", "value"),
    [
        ({"$text": "./readme.md"}, "Größe"),
        ({"$text": "./a.json"}, '{"a": [1, true]}'),
        ({"$json": "./a.json"}, {"a": [1, True]}),
        ({"$yaml": "./a.yaml"}, {"a": ["yes"]}),
        ({"$yaml": "./a.json"}, {"a": [1, True]}),
    ],
)
def test_a_placeholder_becomes_what_it_names(placeholder: dict[str, str], value: object) -> None:
    raw = entity("API", spec__definition=placeholder, spec__deep=[{"x": placeholder}])

    filled, faults = fill_in(raw, resolve)

    assert filled["spec"]["definition"] == value
    assert filled["spec"]["deep"] == [{"x": value}]
    assert faults == []
    assert raw["spec"]["definition"] == placeholder


@pytest.mark.parametrize(
    ("placeholder", "words"),
    [
        ({"$text": "./gone"}, "$text: ./gone is not filled in: there is no such file."),
        ({"$text": "./binary"}, "$text: ./binary is not filled in: it is no text file."),
        ({"$json": "./a.yaml"}, "$json: ./a.yaml is not filled in: it is not valid JSON."),
        (
            {"$yaml": "./two.yaml"},
            "$yaml: ./two.yaml is not filled in: it holds 2 documents, not one.",
        ),
    ],
)
def test_one_that_cannot_be_filled_in_stays_with_a_warning(
    placeholder: dict[str, str], words: str
) -> None:
    filled, (fault,) = fill_in(entity("API", spec__definition=placeholder), resolve)

    assert filled["spec"]["definition"] == placeholder
    assert (fault.message, fault.code) == (words, "catalog.placeholder_unresolved")
    assert fault.keys == ("spec", "definition", next(iter(placeholder)))
    assert fault.level.value == "warning"


def test_what_is_wrong_in_the_other_file_is_told_with_its_line() -> None:
    _, (fault,) = fill_in(entity("API", spec__definition={"$yaml": "./broken.yaml"}), resolve)

    assert fault.message.endswith("(line 2)")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"$text": "x"}, True),
        ({"$json": "x"}, True),
        ({"$yaml": "x"}, True),
        ({"$openapi": "x"}, False),
        ({"$text": 1}, False),
        ({"$text": "x", "a": 1}, False),
        ({}, False),
        ("$text", False),
    ],
)
def test_only_one_key_with_a_text_is_a_placeholder(value: object, expected: bool) -> None:
    assert is_placeholder(value) is expected


def test_a_document_without_one_is_not_copied() -> None:
    raw = entity()

    assert fill_in(raw, resolve)[0] is raw
