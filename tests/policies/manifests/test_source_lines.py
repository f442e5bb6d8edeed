"""Where a value stands in its file, so that a finding can be clicked."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.reading import read_files
from flagstone.policies.manifests.source_lines import Place, SourceText

TEXT = """\
# a comment
kind: First
---
kind: Second
spec:
  template:
    containers:
      - name: app
        image: x
      - name: side
  strategy: {canary: {steps: [
    {setWeight: 10},
    {setWeight: 20}]}}
"""


def place(first_line=2, prefix=(), text=TEXT):
    return Place(SourceText(lambda: text), first_line, prefix)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), 4),
        (("spec",), 5),
        (("spec", "template", "containers", 0), 8),
        (("spec", "template", "containers", 0, "image"), 9),
        (("spec", "template", "containers", 1, "name"), 10),
        (("spec", "template", "containers", 0, "livenessProbe"), 8),
        (("spec", "template", "containers", 7, "name"), 7),
        (("spec", "strategy", "canary", "steps", 1, "setWeight"), 13),
        (("metadata", "name"), 4),
        (("kind", "deeper"), 4),
    ],
)
def test_line_of_a_key_or_its_nearest_ancestor(keys, line):
    assert place().line(keys) == line


def test_the_first_document_and_a_prefix():
    assert place(0).line(("kind",)) == 2
    assert place(2, ("spec", "template")).line(("containers",)) == 7


def test_of_keys_given_twice_the_last_counts():
    assert place(0, text="a: 1\nb: 2\na: 3\n").line(("a",)) == 3


def test_a_key_has_its_line_by_what_it_is_read_as_and_by_what_is_written():
    found = place(0, text="a:\n  on: yes\n  0x1F: 2\n  'off': 3\n")

    assert [found.line(("a", key)) for key in ("true", "on", "31", "off", "false")] == [
        2,
        2,
        3,
        4,
        1,
    ]
    assert found.scalar(("a", "true")) == "yes"


ALIASES = """\
base: &base
  a: 1
list:
  - &first
    b: 2
  - *base
  - *first
again: *base
? {c: 3}
: 4
? [d]
: e: 5
  f: 6
last: 7
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("base", "a"), 2),
        (("list", 0, "b"), 5),
        (("list", 1), 1),
        (("list", 1, "a"), 2),
        (("list", 2, "b"), 5),
        (("again",), 8),
        (("again", "a"), 2),
        (("f",), 1),
        (("last",), 14),
    ],
)
def test_an_alias_stands_where_its_anchor_does_and_no_key_is_a_collection(keys, line):
    assert place(0, text=ALIASES).line(keys) == line


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_line_breaks_are_those_of_yaml(end):
    assert place(1, text=end.join(["a: x", "---", "b: 1", "c: 2", ""])).line(("c",)) == 4


@pytest.mark.parametrize("text", [None, "", "a: ["])
def test_a_text_that_is_gone_or_broken_has_no_lines(text):
    assert place(0, text=text).line(("a",)) is None


def test_a_file_of_many_documents_is_fetched_once_and_each_is_found() -> None:
    fetched = []
    text = "".join(f"---\na: {number}\nb: |\n  x\n" for number in range(3000))

    def fetch() -> str:
        fetched.append(1)
        return text

    source = SourceText(fetch)

    assert [source.line(4 * number, ("b",)) for number in range(3000)] == [
        4 * number + 3 for number in range(3000)
    ]
    assert len(fetched) == 1


@pytest.mark.parametrize(
    ("text", "first_line", "line"),
    [
        ("%YAML 1.2\n---\na: 1\nb: 2\n---\nb: 3\n", 0, 4),
        ("# one\na: 1\nb: 2\n--- # two\nb: 3\n", 0, 3),
        ("a: 1\n--- # two\nb: 3\n---x: 1\n", 1, 3),
        ("a: 1\r---\rb: 3\r---\rb: 4\r", 1, 3),
        ("a: 1\n", 7, None),
    ],
)
def test_a_document_ends_where_the_next_begins(
    text: str, first_line: int, line: int | None
) -> None:
    assert SourceText(lambda: text).line(first_line, ("b",)) == line


def test_what_stands_behind_a_place_is_not_parsed_where_each_key_is_given_once():
    asked = SourceText(lambda: "a:\n  b: 1\n  c: 2\nd: [1,\n")
    assert asked.line(0, ("a", "c"), each_key_once=True) == 3
    assert asked.line(0, ("a", "b"), each_key_once=True) == 2
    assert asked.line(0, ("a", "missing"), each_key_once=True) == 1
    assert asked.line(0, ("d", 5), each_key_once=True) is None


def test_of_a_key_that_is_given_twice_the_last_counts():
    (found,) = read_files({"a.yaml": b"kind: A\napiVersion: v1\nkind: B\nspec: {}\n"}).manifests
    assert (found.kind, found.line("kind"), found.line("spec")) == ("B", 3, 4)
