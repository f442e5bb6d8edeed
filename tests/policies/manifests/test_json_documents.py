"""JSON files, read as strictly as the API server reads them."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.documents import Broken, Document
from flagstone.policies.manifests.json_documents import read_json
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.values import DuplicateKey


def test_an_object_with_tabs_and_escapes():
    text = '{\n\t"a": "\\ud83d\\ude00\\/",\n\t"b": [1, 1.5, null]\n}'
    assert read_json(text, Limits()) == Document({"a": "😀/", "b": [1, 1.5, None]}, 0, 0)


def test_a_key_given_twice():
    found = read_json('{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}', Limits())
    assert found == Document(
        {"a": 3, "b": {"c": 2}}, 0, 0, (DuplicateKey("c", 0), DuplicateKey("a", 0))
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"a": 1,\n}', 2, "Expecting property name enclosed in double quotes"),
        ('{"a": NaN}', 1, "NaN is not JSON"),
        ('{"a": "\\ud800"}', 1, "an escape stands for half a character"),
    ],
)
def test_what_is_not_json(text, line, reason):
    assert read_json(text, Limits()) == Broken(0, line, reason)


@pytest.mark.parametrize("depth", [101, 200_000])
def test_nesting_has_a_limit(depth):
    found = read_json("[" * depth + "]" * depth, Limits())
    assert found == Broken(0, 1, "nested more than 100 levels deep", limit=True)


def test_nesting_up_to_the_limit_is_read():
    assert isinstance(read_json("[" * 100 + "]" * 100, Limits()), Document)


def test_a_number_of_five_thousand_digits():
    found = read_json(f'{{"a": {"9" * 5000}}}', Limits())
    assert isinstance(found, Broken)
