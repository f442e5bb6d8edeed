"""`sprintf` writes what Go writes, or says that it cannot."""

from __future__ import annotations

import json

import pytest

from flagstone.policies.engines.rego.runner import RegoRunner
from flagstone.policies.engines.sources import RegoSource, SourceFault

INPUT = {"review": {"object": {"s": 'a"b'}}}


def messages(rego):
    runner = RegoRunner(RegoSource(rego, (), is_v1=False, keys=()))
    return [found["msg"] for found in json.loads(runner.run(json.dumps(INPUT)))]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('sprintf("%q", [input.review.object.s])', '"a\\"b"'),
        ('sprintf("%v is %q, %d%%", ["x", concat(",", ["a", "b"]), 5])', 'x is "a,b", 5%'),
        (
            'sprintf("%t %+v %-9s %v", [true, 1, "x", [1, "y"]])',
            '%!t(string=true) 1 x         [1, "y"]',
        ),
        ('sprintf(`%q`, ["x"])', '"x"'),
    ],
)
def test_verbs(call, expected):
    assert messages(f'package d\nviolation[{{"msg": msg}}] {{ msg := {call} }}') == [expected]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('sprintf("%-5s|%5s|", ["a", "b"])', "a    |    b|"),
        ('sprintf("%5d|%-5d|%05d|%+d", [3, 3, 3, 3])', "    3|3    |00003|+3"),
        ('sprintf("%05d", [-42])', "-0042"),
        ('sprintf("%x %X %o %b %#x", [255, 255, 8, 5, 255])', "ff FF 10 101 0xff"),
        ('sprintf("%.2f|%7.1f|%f", [1.255, 2.5, 0.5])', "1.25|    2.5|0.500000"),
        ('sprintf("%.3s|%8q", ["abcdef", "q"])', 'abc|     "q"'),
        ('sprintf("%T %T %T", [1, 1.5, "x"])', "int float64 string"),
        ('sprintf("%s and %d", [5, "100m"])', "%!s(int=5) and %!d(string=100m)"),
        ('sprintf("%s", [["a", 1]])', '["a", 1]'),
        ('sprintf("%s %d", ["a"])', "a %!d(MISSING)"),
        ('sprintf("%s", ["a", 2, "c"])', "a%!(EXTRA int=2, string=c)"),
        ('sprintf("none", [1.5])', "none%!(EXTRA float64=1.5)"),
        ('sprintf("100%", [])', "100%!(NOVERB)"),
        ('sprintf("%z %i", [5, "x"])', "%!z(int=5) %!i(string=x)"),
        ('sprintf("%v", [sprintf("%03d", [7])])', "007"),
        ('sprintf("%-4v|", [{"a": [1, 2]}.a[1]])', "2   |"),
    ],
)
def test_formats_as_go_writes_them(call, expected):
    assert messages(f'package d\nviolation[{{"msg": msg}}] {{ msg := {call} }}') == [expected]


@pytest.mark.parametrize(
    ("head", "call", "expected"),
    [
        ('f = "%-3s|%d|%s"', 'sprintf(f, ["a", 5])', "a  |5|%!s(MISSING)"),
        ('f = "%s"', 'sprintf(f, ["a", 5])', "a%!(EXTRA int=5)"),
        ('f = "100% of %%, %v%"', "sprintf(f, [8, {1}])", "100 10f %, {1}%!(NOVERB)"),
        ('f = ["q", 1]', 'sprintf("%v %v", f)', "q 1"),
        ("", 'sprintf("%v %v", [x | x := ["q", "r"][_]])', "q r"),
    ],
)
def test_formats_and_values_that_are_known_only_when_it_runs(head, call, expected):
    rego = f'package d\n{head}\nviolation[{{"msg": msg}}] {{ msg := {call} }}'
    assert messages(rego) == [expected]


@pytest.mark.parametrize("call", ['sprintf("%p", [1])', 'sprintf(f, [1.5])'])  # fmt: skip
def test_verbs_that_are_said_to_be_missing(call):
    with pytest.raises(SourceFault):
        messages(f'package d\nf = "%p"\nviolation[{{"msg": msg}}] {{ msg := {call} }}')
