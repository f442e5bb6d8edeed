from __future__ import annotations

import pytest

from flagstone.catalog.engine.composing import Limits
from flagstone.catalog.engine.documents import Document, read_documents


def only(text: str, **limits: int) -> Document:
    (document,) = read_documents(text.encode(), Limits(**limits))
    return document


def found(text: str) -> list[tuple[int, int, object]]:
    """Index, line and value (or fault) of each document."""
    return [
        (d.index, d.line, d.fault.message if d.fault else d.value)
        for d in read_documents(text.encode())
    ]


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("empty file", "", []),
        ("only comments", "# nothing\n\n", []),
        ("no newline at the end", "a: 1", [(0, 1, {"a": 1})]),
        ("leading marker", "---\na: 1\n", [(0, 2, {"a": 1})]),
        ("comment above the marker", "# why\n---\na: 1\n", [(0, 3, {"a": 1})]),
        ("directive", "%YAML 1.2\n---\na: 1\n", [(0, 3, {"a": 1})]),
        ("two", "a: 1\n---\nb: 2\n", [(0, 1, {"a": 1}), (1, 3, {"b": 2})]),
        ("trailing marker", "a: 1\n---\n", [(0, 1, {"a": 1}), (1, 3, None)]),
        (
            "empty one between",
            "a: 1\n---\n---\nb: 2",
            [(0, 1, {"a": 1}), (1, 3, None), (2, 4, {"b": 2})],
        ),
        ("comment after a marker", "---\n# c\n---\na: 1", [(0, 3, None), (1, 4, {"a": 1})]),
        ("end marker", "a: 1\n...\n# c\n---\nb: 2\n...\n", [(0, 1, {"a": 1}), (1, 5, {"b": 2})]),
        ("content beside the marker", "--- {a: 1}\n--- [b]", [(0, 1, {"a": 1}), (1, 2, ["b"])]),
        (
            "marker inside a block text",
            "a: |\n  x\n---\nb: 2",
            [(0, 1, {"a": "x\n"}), (1, 4, {"b": 2})],
        ),
        ("four dashes are no marker", "a: |\n  x\n  ----\n", [(0, 1, {"a": "x\n----\n"})]),
        ("windows lines", "a: 1\r\n---\r\nb: 2\r\n", [(0, 1, {"a": 1}), (1, 3, {"b": 2})]),
        ("byte order mark", "\ufeffa: é\n", [(0, 1, {"a": "é"})]),
    ],
)
def test_a_file_is_cut_into_documents(_case: str, text: str, expected: list[object]) -> None:
    assert found(text) == expected


def test_a_broken_document_loses_neither_those_before_nor_those_after() -> None:
    documents = read_documents(b"a: 1\n---\nb: [1,\nc: 2\n---\nd: 4\n")

    assert [d.value for d in documents] == [{"a": 1}, None, {"d": 4}]
    fault = documents[1].fault
    assert fault is not None
    assert (fault.line, fault.column) == (4, 1)
    assert fault.message.startswith("Not valid YAML: ")


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("null", None),
        ("nULL", "nULL"),
        ("", None),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2024-01-31", "2024-01-31"),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("-.5e-1", -0.05),
        ("1.0", 1),
        (".inf", None),
        ("1e999", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int '12'", 12),
        ("!!python/object/apply:os.system [ls]", ["ls"]),
        ("!secret x", "x"),
        ("9" * 400, None),
    ],
)
def test_scalars_are_those_of_yaml_1_2(scalar: str, value: object) -> None:
    read = only(f"a: {scalar}\n").value["a"]

    assert read == value
    assert type(read) is type(value)


def test_keys_are_texts_whatever_they_look_like() -> None:
    text = "1: a\ntrue: b\n~: c\n0x10: d\n1.5: e\n'2': f\n"

    assert only(text).value == {"1": "a", "true": "b", "": "c", "16": "d", "1.5": "e", "2": "f"}


def test_aliases_stand_for_what_they_name_and_merge_keys_do_not_merge() -> None:
    assert only("a: &x {b: 1}\nc: *x\n<<: *x\n").value == {
        "a": {"b": 1},
        "c": {"b": 1},
        "<<": {"b": 1},
    }


@pytest.mark.parametrize(
    ("_case", "text", "line", "column", "words"),
    [
        ("key twice", "a: 1\nb: 2\na: 3\n", 3, 1, 'The key "a" stands twice, first on line 1.'),
        (
            "key twice by another spelling",
            "1: a\n'1': b\n",
            2,
            1,
            'The key "1" stands twice, first on line 1.',
        ),
        (
            "key twice, deep",
            "a:\n  b: 1\n  b: 2\n",
            3,
            3,
            'The key "b" stands twice, first on line 2.',
        ),
        (
            "alias to nothing",
            "a: *x\n",
            1,
            4,
            "The alias *x stands for nothing that was named before.",
        ),
        (
            "alias inside itself",
            "a: &x\n- *x\n",
            2,
            3,
            "The alias *x stands inside what it stands for.",
        ),
        ("mapping as a key", "? {a: 1}\n: 2\n", 1, 3, "A key must be a text."),
        (
            "NUL escaped",
            'a: 1\nb: "\\0"\n',
            2,
            4,
            "The character U+0000 is not allowed; remove it.",
        ),
        (
            "control character",
            "a: 1\nb: x\x07y\n",
            2,
            5,
            "Not valid YAML: the character U+0007 is not allowed; remove it.",
        ),
    ],
)
def test_a_fault_names_line_and_column(
    _case: str, text: str, line: int, column: int, words: str
) -> None:
    fault = only(text).fault

    assert fault is not None
    assert (fault.line, fault.column, fault.message) == (line, column, words)


def test_the_line_of_a_fault_counts_from_the_top_of_the_file() -> None:
    _, broken = read_documents(b"# one\na: 1\n---\nb: 1\nb: 2\n")

    assert broken.fault is not None
    assert broken.fault.line == 5
    assert broken.fault.message == 'The key "b" stands twice, first on line 4.'


def test_a_tab_as_indentation_is_told_with_its_place() -> None:
    fault = only("a:\n\tb: 1\n").fault

    assert fault is not None
    assert (fault.line, fault.column) == (2, 1)


def test_a_tab_behind_a_colon_is_a_blank() -> None:
    assert only("a:\tb\t\n").value == {"a": "b"}


def test_a_file_over_the_limit_is_not_read() -> None:
    document = only("a: " + "x" * (5 * 1024 * 1024))

    assert document.value is None
    assert document.fault is not None
    assert document.fault.message == "The file has 5.0 MB; 5 MB is the most."


def test_nesting_ends_at_the_limit() -> None:
    assert only("[" * 64 + "]" * 64).fault is None
    fault = only("[" * 100_000).fault
    assert fault is not None
    assert (fault.line, fault.column, fault.message) == (1, 65, "Nested more than 64 levels deep.")


def test_nesting_by_aliases_counts_too() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 80))

    fault = only(text).fault

    assert fault is not None
    assert fault.message == "Nested more than 64 levels deep."
    assert fault.line == 63


def test_an_alias_bomb_is_counted_as_what_it_stands_for() -> None:
    lines = ["a0: &a0 [" + ", ".join(["lol"] * 10) + "]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    fault = only("\n".join(lines)).fault

    assert fault is not None
    assert fault.message == "More than 100,000 values, aliases counted as what they stand for."
    assert fault.line == 5


def test_too_many_documents_end_the_reading() -> None:
    documents = read_documents(b"--- 1\n" * 30, Limits(max_documents=20))

    assert len(documents) == 21
    assert documents[-1].fault is not None
    assert documents[-1].fault.message == "More than 20 documents; the rest is not read."
    assert documents[-1].line == 21


def test_a_stray_byte_does_not_lose_the_document() -> None:
    (document,) = read_documents(b"a: caf\xe9 noir\n")

    assert document.value == {"a": "caf\ufffd noir"}


def test_utf_16_with_its_mark_is_read() -> None:
    (document,) = read_documents("a: é\n".encode("utf-16"))

    assert document.value == {"a": "é"}


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("metadata",), 3),
        (("metadata", "name"), 4),
        (("metadata", "tags", 1), 7),
        (("metadata", "links", 0, "url"), 9),
        (("metadata", "links", 0, "title"), 10),
        (("metadata", "links", 0, "icon"), 9),
        (("metadata", "nowhere", 3), 3),
        (("spec", "owner"), 12),
        (("spec", "again"), 14),
        (("nowhere",), 3),
    ],
)
def test_a_key_path_has_a_line(keys: tuple[str | int, ...], line: int) -> None:
    text = (
        "# a comment\n---\nmetadata:\n  name: x\n  tags:\n  - a\n  - B\n  links:\n"
        "  - url: x\n    title: y\nspec: {type: a,\n  owner: b, &k c: 1,\n  d: [1,\n  2], again: *k}\n"
    )

    assert only(text).line_of(keys) == line


def test_an_alias_may_be_a_key_and_keeps_the_lines_right() -> None:
    document = only("a: &k name\n*k :\n  b: 1\nc: 2\n")

    assert document.value == {"a": "name", "name": {"b": 1}, "c": 2}
    assert [document.line_of(k) for k in (["name"], ["name", "b"], ["c"])] == [2, 3, 4]
