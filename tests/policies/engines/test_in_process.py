"""Rego in process: both dialects, libraries, errors that name the line, any thread."""

from __future__ import annotations

import threading

import pytest

from flagstone.policies.engines.in_process import LocalProgram
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.templates import read_template
from flagstone.policies.manifests.reading import read_files
from tests.policies.gatekeeper.samples import V0, V1, code, deployment, dump, template

INPUT = '{"review": {"object": {"spec": {"replicas": 1}}}, "parameters": {"min": 2}}'


def text_of(target):
    return f"# a template\n{dump(template(target))}"


def program(target):
    (manifest,) = read_files({"t.yaml": text_of(target).encode()}, render=False).manifests
    return LocalProgram(read_template(manifest))


def line_of(target, words):
    lines = text_of(target).splitlines()
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def test_v1():
    assert program(code(V1, version="v1")).violations(INPUT, None) == [{"msg": "1 replicas"}]


def test_v0():
    assert program({"rego": V0}).violations(INPUT, None) == [
        {"msg": "1 replicas", "details": {"min": 2}}
    ]


def test_v0_with_the_new_keywords():
    rego = "package demo\nimport rego.v1\n" + V1.partition("\n")[2]
    assert program({"rego": rego}).violations(INPUT, None) == [{"msg": "1 replicas"}]


def test_libraries():
    rego = """package demo
import data.lib.numbers.few
import data.lib.words as w
violation[{"msg": msg}] { few(input.review.object.spec.replicas); msg := w.say("few") }
"""
    libs = [
        "package lib.numbers\nimport data.lib.words\nfew(n) { words.known(n); n < 2 }\n",
        'package lib.words\nsay(x) = y { y := sprintf("too %v", [x]) }\nknown(n) { is_number(n) }\n',
    ]
    target = {"rego": rego, "libs": libs}
    assert program(target).violations(INPUT, None) == [{"msg": "too few"}]


def test_no_violation():
    assert program(code(V1, version="v1")).violations(INPUT.replace("1}", "3}"), None) == []


def test_a_package_of_any_name():
    rego = V1.replace("package demo", "package other.where")
    assert program(code(rego, version="v1")).violations(INPUT, None) == [{"msg": "1 replicas"}]


@pytest.mark.parametrize(
    ("target", "reason", "at"),
    [
        (
            code("package demo\n\nviolation contains 1 if )\n", version="v1"),
            "expecting expression",
            "violation contains 1",
        ),
        (
            code("package demo\ndeny contains 1 if true\n", version="v1"),
            "its Rego has no rule called violation",
            "rego: |",
        ),
        (
            {"rego": V0, "libs": ["package lib.a\nx {\n"]},
            "expecting }",
            "  x {",
        ),
    ],
)
def test_rego_that_does_not_compile(target, reason, at):
    with pytest.raises(PolicyError) as caught:
        program(target)
    assert caught.value.path == "t.yaml"
    assert caught.value.policy == "demo"
    assert caught.value.reason == reason
    assert caught.value.line == line_of(target, at)


def test_an_error_while_evaluating_names_the_line_too():
    rego = 'package demo\n\nviolation contains {"msg": "x"} if count(input.review.object.x) > 0\n'
    target = code(rego, version="v1")
    failing = program(target)
    good = INPUT.replace('"spec"', '"x": [1], "spec"')
    assert failing.violations(good, None) == [{"msg": "x"}]
    with pytest.raises(PolicyError) as caught:
        failing.violations(INPUT.replace('"spec"', '"x": null, "spec"'), None)
    assert caught.value.line == line_of(target, "violation contains")
    assert caught.value.reason == "`count` requires array/object/set/string argument. Got `null`."
    assert failing.violations(good, None) == [{"msg": "x"}]


def test_print_does_not_reach_our_streams(capfd):
    rego = 'package demo\nviolation contains {"msg": "x"} if { print("hello") }\n'
    assert program(code(rego, version="v1")).violations(INPUT, None) == [{"msg": "x"}]
    assert capfd.readouterr() == ("", "")


def test_other_threads_have_engines_of_their_own():
    shared = program(code(V1, version="v1"))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(shared.violations(INPUT, None)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[{"msg": "1 replicas"}]] * 4


def test_each_inventory_is_seen_and_the_last_forgotten():
    rego = """package demo
violation contains {"msg": name} if {
  some name in object.keys(data.inventory.namespace.pay["apps/v1"].Deployment)
}
"""
    looking = program(code(rego, version="v1"))
    web = Inventory([deployment()])
    assert looking.violations(INPUT, web) == [{"msg": "web"}]
    assert looking.violations(INPUT, Inventory([])) == []
    assert looking.violations(INPUT, web) == [{"msg": "web"}]
