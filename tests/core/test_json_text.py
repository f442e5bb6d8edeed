"""JSON that others wrote."""

import gc
import json
import sys

import pytest

from flagstone.core.json_text import LEVELS, NestedTooDeeply, loads, nested_too_deeply


@pytest.mark.parametrize(
    "text", ['{"a": [1, "é"]}', b'{"a": [1, "\xc3\xa9"]}', '{"a": [1, "é"]}'.encode("utf-16")]
)
def test_reads_what_it_says(text):
    assert loads(text) == {"a": [1, "é"]}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_as_many_levels_as_are_allowed_and_not_one_more(opening, closing):
    times = LEVELS // (opening.count("[") + opening.count("{"))
    deepest = opening * times + "1" + closing * times
    assert loads(deepest) == json.loads(deepest)
    with pytest.raises(NestedTooDeeply, match=f"^nested more than {LEVELS} levels deep$"):
        loads(f"[{deepest}]")


def test_brackets_in_texts_and_one_after_the_other_are_no_levels():
    wide = [{"a": []} for _ in range(LEVELS)]
    texts = ["[" * 300, '\\"[[[' * 300, "{\\" * 300]
    assert loads(json.dumps([wide, texts])) == [wide, texts]


def test_a_text_without_an_end_hides_nothing():
    assert nested_too_deeply("[" * 201 + '"')
    with pytest.raises(json.JSONDecodeError, match="Unterminated string"):
        loads('["' + "[" * 300)


def test_what_ends_while_it_reads_has_room_to_end():
    ended, failures = [], []

    class Waste:
        def __init__(self):
            self.itself = self

        def __del__(self):
            ended.append(deep(300))

    def deep(levels):
        return deep(levels - 1) if levels else "at the bottom"

    hook, sys.unraisablehook = sys.unraisablehook, failures.append
    thresholds = gc.get_threshold()
    try:
        gc.collect()
        gc.set_threshold(850)
        Waste()
        with pytest.raises(NestedTooDeeply):
            loads(b"[" * 100_000)
        gc.collect()
    finally:
        gc.set_threshold(*thresholds)
        sys.unraisablehook = hook
    assert (ended, failures) == (["at the bottom"], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("NaN]", "Extra data"),
        ("[1", "Expecting ',' delimiter"),
        (b"\xff\xfe\xfa", "truncated data"),
        ("1" * 5_000, "5000 digits"),
    ],
)
def test_what_is_no_json_is_a_value_error(text, said):
    with pytest.raises(ValueError, match=said):
        loads(text)


def test_constants_that_are_no_json_are_the_callers():
    assert loads("[NaN]", parse_constant=lambda _: "no number") == ["no number"]
