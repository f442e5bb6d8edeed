"""YAML text to documents: nothing that is in it makes the reader crash, hang or lose its neighbours."""

from __future__ import annotations

import time

import pytest

from flagstone.policies.manifests.documents import Broken, Document, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.values import DuplicateKey

LIMITS = Limits()


def read(text, limits=LIMITS):
    return list(read_documents(text, limits))


def values(text):
    return [document.value for document in read(text)]


def reasons(text, limits=LIMITS):
    return [(d.line, d.reason) for d in read(text, limits) if isinstance(d, Broken)]


def test_documents_know_their_index_and_first_line():
    assert read("# head\na: 1\n---\n---\nb: 2\n") == [
        Document({"a": 1}, 0, 1),
        Document(None, 1, 2),
        Document({"b": 2}, 2, 3),
    ]


def test_nothing_and_comments_are_no_document():
    assert read("") == []
    assert read("# only a comment\n") == []


def test_documents_after_a_broken_one_are_read():
    found = read('a: 1\n---\nb: [\n---\nc: 3\n---\nd: "x\n---\ne: 5\n')
    assert [(type(d).__name__, d.index) for d in found] == [
        ("Document", 0),
        ("Broken", 1),
        ("Document", 2),
        ("Broken", 3),
        ("Document", 4),
    ]
    assert found[4] == Document({"e": 5}, 4, 7)


def test_a_broken_document_names_its_line_and_where_the_trouble_began():
    assert reasons("a: 1\nb: {c: 1\nd: 2\n") == [
        (3, "did not find expected ',' or '}' while parsing a flow mapping that began on line 2")
    ]


def test_lines_count_on_after_a_broken_document():
    text = "x: [\n---\ny: 1\n---\nz:\n\t- 1\n"
    assert reasons(text) == [
        (2, "did not find expected node content while parsing a flow node that began on line 2"),
        (
            6,
            "found character that cannot start any token while scanning for the next token that began on line 6",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: &a [*a]", 1, "the anchor &a contains itself"),
        ("a: 1\nb: *b", 2, "the alias *b has no anchor"),
        ("a: .nan", 1, ".nan has no JSON form, Kubernetes refuses it"),
        ("? [a]\n: 1", 1, "a mapping or list cannot be a key"),
        ("{a: {{ x }}}", 1, "a mapping or list cannot be a key"),
        ("~: 1", 1, "null, a mapping or a list cannot be a key"),
        ("a:\n  <<: 1", 2, "<< needs a mapping or a list of mappings"),
        ("a: 1\nb: \x01", 2, "the character U+0001 is not allowed in YAML"),
    ],
)
def test_what_is_refused(text, line, reason):
    assert reasons(text) == [(line, reason)]


def test_keys_given_twice_are_told_and_the_last_counts():
    (document,) = read("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert document.value == {"a": 3, "b": {"c": 2}}
    assert document.duplicates == (DuplicateKey("c", 2), DuplicateKey("a", 3))


def test_a_duplicate_in_a_later_document_after_a_broken_one_has_its_line():
    found = read("a: [\n---\nb: 1\nb: 2\n")
    assert found[1].duplicates == (DuplicateKey("b", 4),)


def test_anchors_and_merge_keys_are_resolved():
    text = """
base: &base {cpu: 1, memory: 2}
more: &more {memory: 3, disk: 4}
one: {<<: *base, memory: 9}
two:
  <<: [*base, *more]
quoted: {"<<": 1}
"""
    (value,) = values(text)
    assert value["one"] == {"cpu": 1, "memory": 9}
    assert value["two"] == {"cpu": 1, "memory": 2, "disk": 4}
    assert value["quoted"] == {"<<": 1}


def test_a_key_beside_a_merge_is_no_duplicate():
    (document,) = read("a: &a {x: 1}\nb: {<<: *a, x: 2}\n")
    assert document.duplicates == ()


def test_an_anchored_key_and_an_alias_as_key():
    assert values("&k name: 1\nb: {*k : 2}\n") == [{"name": 1, "b": {"name": 2}}]


def test_keys_become_text():
    assert values("on: 1\n2: b\n1.5: c\n") == [{"true": 1, "2": "b", "1.5": "c"}]


def test_tags_of_others_do_not_matter():
    assert values("a: !Ref x\nb: !!python/object:os.system [y0]\nc: !reference [1]\n") == [
        {"a": "x", "b": ["y0"], "c": [1]}
    ]


def test_nesting_has_a_limit():
    assert values("[" * 100 + "]" * 100) != []
    assert reasons("a:\n " + "[" * 101) == [(2, "nested more than 100 levels deep")]
    assert read("[" * 101)[0].limit is True


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{"])
def test_a_hundred_thousand_levels_end_at_once(opening):
    started = time.monotonic()
    assert isinstance(read(opening * 100_000)[0], Broken)
    assert time.monotonic() - started < 30


def test_an_alias_bomb_ends_at_once():
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    bomb = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *levels])
    started = time.monotonic()
    assert reasons(bomb) == [(6, "more than 500,000 values once its aliases are expanded")]
    assert time.monotonic() - started < 30


def test_a_bomb_of_merges_ends_too():
    levels = [f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}, <<: *a{i - 1}}}" for i in range(1, 30)]
    found = read("\n".join(["a0: &a0 {z: 1}", *levels]))
    assert found[0].limit is True


def test_a_file_of_broken_documents_is_given_up():
    found = read("---\n[\n" * 5_000, Limits(broken_documents=3))
    assert [d.reason for d in found][-1] == (
        "too many broken documents, the rest of the file was not read"
    )
    assert len(found) == 4


def test_a_bare_equals_sign_is_text():
    assert values("enum:\n  - =\n  - '!='\n") == [{"enum": ["=", "!="]}]


def test_libyaml_and_pyyaml_agree_on_ordinary_manifests():
    text = "metadata:\n  name: a\n  labels: {x: '1', y2: two}\nspec:\n- |\n  block\n- >-\n  folded\n  text\n"
    assert values(text) == [
        {
            "metadata": {"name": "a", "labels": {"x": "1", "y2": "two"}},
            "spec": ["block\n", "folded text"],
        }
    ]
