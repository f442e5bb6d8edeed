"""Rego read as text, without comments."""

from __future__ import annotations

import pytest

from flagstone.policies.gatekeeper.rego_text import negated_together, violation_faults, words


def test_words_know_their_lines_and_leave_comments_out():
    found = words('a := "x # y" # not b\nraw := `1\n2`\nc')

    assert [(word.kind, word.text, word.line) for word in found] == [
        ("name", "a", 1),
        ("mark", ":", 1),
        ("mark", "=", 1),
        ("text", "x # y", 1),
        ("name", "raw", 2),
        ("mark", ":", 2),
        ("mark", "=", 2),
        ("text", "1\n2", 2),
        ("name", "c", 4),
    ]


def negated(rego):
    return [[(one.path, one.line) for one in together] for together in negated_together(rego)]


def test_two_negations_of_one_body():
    rego = 'violation[x] {\n  not c.readinessProbe\n  not c["livenessProbe"] # not c.other\n}'

    assert negated(rego) == [[(("c", "readinessProbe"), 2), (("c", "livenessProbe"), 3)]]


def test_negations_of_two_bodies_or_in_text_are_not_together():
    rego = 'a { not c.x; b := "not c.y" }\na { not c.y }\nb { not f(c); not d }'

    assert negated(rego) == []


def test_negations_on_one_line_and_in_a_comprehension():
    rego = "a if { n := {c | not c.x; not c.resources.limits }; not n.y }"

    assert negated(rego) == [[(("c", "x"), 1), (("c", "resources", "limits"), 1)]]


@pytest.mark.parametrize(
    "rego",
    [
        'violation[{"msg": msg, "details": {}}] { msg := "no" }',
        'violation contains {"details": {"a": [1]}, "msg": msg} if true',
        "violation[answer] { answer := f(input) }",
        "other { violation[_] }\na := data.x.violation",
        "general := violation",
        "",
        "violation",
    ],
)
def test_heads_that_can_be_right(rego):
    assert list(violation_faults(rego)) == []


@pytest.mark.parametrize(
    ("rego", "reason"),
    [
        ('violation["no"] { true }', "it yields a text: an object with a msg is wanted"),
        ('violation contains "no" if true', "it yields a text: an object with a msg is wanted"),
        ('violation[{"m": {"msg": 1}}] { true }', "the object that it yields has no msg"),
        (
            "violation if input.x",
            "it must be a set: `violation[{...}]`, or `violation contains {...}`",
        ),
    ],
)
def test_heads_that_cannot(rego, reason):
    assert list(violation_faults(f"package a\n\n{rego}")) == [(3, reason)]


def test_hostile_text_is_read_in_time():
    assert len(words("[" * 200_000 + '"' + "{" * 200_000)) == 400_001
    assert negated("{ not a.b" * 50_000) == []
