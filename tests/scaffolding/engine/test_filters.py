"""Filters of Nunjucks, each with the result that Nunjucks gives."""

from __future__ import annotations

import time

import pytest

from flagstone.scaffolding.engine.expressions import ExpressionError, evaluate
from flagstone.scaffolding.engine.filters import FILTERS, MAX_TEXT

PORTS = [
    {"name": "http", "number": 80, "public": True, "of": {"team": "Web"}},
    {"name": "grpc", "number": 9000, "public": False, "of": {"team": "core"}},
    {"name": "debug", "number": 100, "of": {"team": "Web"}},
]
NAMES = {"parameters": {"ports": PORTS, "n": [10, 9, 1, 2], "m": {"b": 2, "A": 1, "c": 0}}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("parameters.m | dictsort", [["A", 1], ["b", 2], ["c", 0]]),
        ("parameters.m | dictsort(true)", [["A", 1], ["b", 2], ["c", 0]]),
        ("parameters.m | dictsort(false, 'value')", [["c", 0], ["A", 1], ["b", 2]]),
        ("{ b: 1, B: 2, a: 3 } | dictsort(true)", [["B", 2], ["a", 3], ["b", 1]]),
        ("parameters.ports | groupby('public') | dump",
         '{"true":[%s],"false":[%s],"undefined":[%s]}'),
        ("(parameters.ports | groupby('of.team')).core[0].name", "grpc"),
        ("parameters.ports | selectattr('public') | length", 1),
        ("parameters.ports | rejectattr('public') | length", 2),
        ("(parameters.ports | rejectattr('public'))[1].name", "debug"),
        ("[0, 1, '', 'a', null, [], false] | select", [1, "a", []]),
        ("[0, 1, '', 'a', null, [], false] | reject", [0, "", None, False]),
        ("parameters.n | select('odd')", [9, 1]),
        ("parameters.n | reject('divisibleby', 2)", [9, 1]),
        ("parameters.n | select('ge', 9)", [10, 9]),
        ("parameters.n | batch(3)", [[10, 9, 1], [2]]),
        ("parameters.n | batch(3, 'x')", [[10, 9, 1], [2, "x", "x"]]),
        ("parameters.n | slice(3)", [[10, 9], [1], [2]]),
        ("parameters.n | slice(3, 'x')", [[10, 9], [1, "x"], [2, "x"]]),
        ("parameters.n | slice(2, 'x')", [[10, 9], [1, 2]]),
        ("parameters.n | sort", [1, 2, 9, 10]),
        ("parameters.n | sort(true)", [10, 9, 2, 1]),
        ("['b', 'A', 'a', 'B'] | sort", ["A", "a", "b", "B"]),
        ("['b', 'A', 'a', 'B'] | sort(false, true)", ["A", "B", "a", "b"]),
        ("(parameters.ports | sort(false, false, 'number'))[1].name", "debug"),
        ("parameters.n | sum", 22),
        ("parameters.ports | sum('number')", 9180),
        ("parameters.ports | sum('number', 20)", 9200),
        ("'abc' | center(8)", "  abc   "),
        ("'abc' | center(7)", "  abc  "),
        ("'abc' | center(2)", "abc"),
        ("'a\\r\\nb\\nc' | nl2br", "a<br />\nb<br />\nc"),
        ("'<p class=\"x\">a  <b>b</b></p>\\n<!-- c\\n d --> e' | striptags", "a b e"),
        ("'a <b' | striptags", "a <b"),
        ("'2 < 3 > 1 <br/>x' | striptags", "2 < 3 > 1 x"),
        ("'<b>a</b>  b\\n\\n\\n\\nc ' | striptags(true)", "a b\n\nc"),
        ("'<' | e", "&lt;"),
        ("'<' | forceescape", "&lt;"),
        ("2.5 | round", 3),
        ("2.345 | round(2)", 2.35),
        ("2.1 | round(0, 'ceil')", 3),
        ("2.9 | round(0, 'floor')", 2),
        ("[] is truthy and '' is falsy", True),
    ],
)  # fmt: skip
def test_a_filter_gives_what_nunjucks_gives(expression, value):
    if isinstance(value, str) and "%s" in value:
        value %= tuple(
            evaluate(f"${{{{ parameters.ports[{n}] | dump }}}}", NAMES) for n in range(3)
        )
    assert evaluate(f"${{{{ {expression} }}}}", NAMES) == value


@pytest.mark.parametrize(
    "name", sorted({"batch", "groupby", "reject", "select", "slice", "sort", "sum"})
)
def test_what_is_not_there_is_an_empty_list(name):
    arguments = {"batch": "(2)", "groupby": "('a')", "slice": "(1)"}.get(name, "")
    empty = {"groupby": {}, "slice": [[]], "sum": 0}.get(name, [])
    assert evaluate(f"${{{{ parameters.gone | {name}{arguments} }}}}", NAMES) == empty


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("parameters.n | batch(1000000000, 'x')", "the number of entries must be from 1 to 1000"),
        ("parameters.n | slice(1000000000)", "the number of entries must be from 1 to 1000"),
        ("parameters.n | batch(0)", "the number of entries must be from 1 to 1000"),
        ("parameters.n | dictsort", "dictsort takes a mapping"),
        ("parameters.n | select('callable')", "there is no test 'callable'; there are defined, "),
        ("parameters.n | select('__class__')", "there is no test '__class__'"),
        ("parameters.n | random", "there is no filter 'random'"),
        ("parameters.n | urlize", "there is no filter 'urlize'"),
    ],
)
def test_what_a_filter_cannot_do(expression, reason):
    with pytest.raises(ExpressionError) as refused:
        evaluate(f"${{{{ {expression} }}}}", NAMES)
    assert reason in str(refused.value)


@pytest.mark.parametrize("unit", ["<a ", "<!--", "<a <!-- ", "<!-- -->", "<", ">", "\n\n", " \n"])
def test_tags_that_nothing_closes_cost_no_time(unit):
    text = (unit * MAX_TEXT)[:MAX_TEXT]
    begun = time.perf_counter()
    for given in (text, f"<b>{text}", f"{text}>", f"{text}-->"):
        FILTERS["striptags"](given)
        FILTERS["striptags"](given, preserve_linebreaks=True)
    assert time.perf_counter() - begun < 3


def test_a_text_that_would_grow_is_refused_before_it_does():
    assert len(FILTERS["center"]("a", 10**12)) == MAX_TEXT
    with pytest.raises(ValueError, match=str(MAX_TEXT)):
        FILTERS["nl2br"]("\n" * MAX_TEXT)
