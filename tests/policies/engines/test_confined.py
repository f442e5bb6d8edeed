"""Policies of others in a child: what they cost at most, and that the others go on."""

from __future__ import annotations

import json
import os
import threading

import pytest

from flagstone.policies.engines.asking import Question
from flagstone.policies.engines.child import ChildLimits
from flagstone.policies.engines.confined import Confined, confined
from flagstone.policies.engines.in_process import InProcess
from flagstone.policies.gatekeeper.errors import LimitExceeded, NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.gatekeeper.templates import read_template
from flagstone.policies.gatekeeper.untrusted import review_untrusted
from flagstone.policies.manifests.reading import read_files
from tests.policies.gatekeeper.samples import V0, V1, code, constraint, deployment, dump, template

INPUT = '{"review": {"object": {"spec": {"replicas": %s}}}, "parameters": {"min": 2}}'
LOOP = """package loops
violation contains {"msg": "never"} if {
  input.review.object.spec
  some a in numbers.range(1, 100000)
  some b in numbers.range(1, 100000)
  a * b == -1
}
"""
LARGE = """package large
violation contains {"msg": msg} if {
  input.review.object.spec
  line := concat("", [x | some _ in numbers.range(1, 1000); x := "0123456789"])
  all := [concat("", [line, format_int(n, 10)]) | some n in numbers.range(1, 100000)]
  msg := concat(",", all)
}
"""
RECURSION = """package recursion
f(x) := y if { y := f(x + 1) }
violation contains {"msg": "never"} if { f(input.review.object.spec.replicas) == 2 }
"""


@pytest.fixture(scope="module")
def engine():
    made = Confined(ChildLimits(seconds=0.5, megabytes=256))
    yield made
    made.close()


def read(target, kind="Demo"):
    (manifest,) = read_files(
        {"t.yaml": dump(template(target, kind)).encode()}, render=False
    ).manifests
    return read_template(manifest)


def ask(program, replicas=1, about="Deployment/web", inventory=None):
    return Question(program, INPUT % replicas, inventory, about)


def test_it_says_what_this_process_says(engine):
    for target in (code(V1, version="v1"), {"rego": V0}):
        inside, outside = engine.compile(read(target)), InProcess().compile(read(target))
        for replicas in (1, 2, "null", '"ä\\nb"'):
            assert engine.answers([ask(inside, replicas)]) == InProcess().answers(
                [ask(outside, replicas)]
            )


def test_many_questions_are_answered_in_their_order(engine):
    few = engine.compile(read(code(V1, version="v1")))
    old = engine.compile(read({"rego": V0}))
    questions = [ask(few if n % 2 else old, n % 3) for n in range(500)]
    answers = engine.answers(questions)
    assert [[found["msg"] for found in answer] for answer in answers] == [
        [f"{n % 3} replicas"] if n % 3 < 2 else [] for n in range(500)
    ]


@pytest.mark.parametrize(
    ("rego", "how"),
    [
        (LOOP, "it took more than 1.5 seconds of processor time"),
        (LARGE, "it took more than 48 MB of memory"),
    ],
)
def test_a_policy_without_end_is_ended_and_the_others_go_on(rego, how):
    engine = Confined(ChildLimits(seconds=1.5, megabytes=48))
    bad = engine.compile(read(code(rego, version="v1"), "Bad"))
    good = engine.compile(read(code(V1, version="v1")))
    before, ended, after = engine.answers([ask(good), ask(bad, about="Pod/pay/a"), ask(good)])
    assert before == after == [{"msg": "1 replicas"}]
    assert isinstance(ended, LimitExceeded)
    assert ended.reason == f"{how} on Pod/pay/a, so nothing is known of it there"
    assert (ended.path, ended.policy) == ("t.yaml", "bad")
    engine.close()


def test_recursion_ends_the_child_and_is_said(engine):
    program = engine.compile(read(code(RECURSION, version="v1"), "Bad"))
    (answer,) = engine.answers([ask(program)])
    assert answer.reason == (
        "it calls itself without end on Deployment/web, so nothing is known of it there"
    )


def test_after_three_objects_it_is_not_tried_again(engine):
    bad = engine.compile(read(code(LOOP, version="v1"), "Bad"))
    good = engine.compile(read(code(V1, version="v1")))
    answers = engine.answers([ask(bad, about=f"Pod/{n}") for n in range(5)] + [ask(good)])
    seconds = "it took more than 0.5 seconds of processor time"
    assert [getattr(answer, "reason", answer) for answer in answers] == [
        f"{seconds} on Pod/0, so nothing is known of it there",
        f"{seconds} on Pod/1, so nothing is known of it there",
        f"{seconds} on Pod/2, so nothing is known of it there",
        f"it went over a limit on 3 objects ({seconds}), so it is not tried on more",
        f"it went over a limit on 3 objects ({seconds}), so it is not tried on more",
        [{"msg": "1 replicas"}],
    ]


def test_an_answer_may_not_be_larger_than_is_wanted():
    engine = Confined(ChildLimits(answer_bytes=2**20))
    rego = """package large
violation contains {"msg": msg} if { msg := concat("", [x | some _ in numbers.range(1, 200000); x := "0123456789"]) }
violation contains {"msg": msg} if { some n in numbers.range(1, 60000); msg := sprintf("many words %v", [n]) }
"""
    program = engine.compile(read(code(rego, version="v1")))
    (answer,) = engine.answers([ask(program)])
    engine.close()
    assert answer.reason == "its answer is larger than 1 MB"


def test_a_template_that_does_not_compile_names_its_line(engine):
    broken = code("package demo\n\nviolation contains 1 if )\n", version="v1")
    text = dump(template(broken)).splitlines()
    with pytest.raises(PolicyError) as caught:
        engine.compile(read(broken))
    assert caught.value.reason == "expecting expression"
    assert "violation contains 1" in text[caught.value.line - 1]


def test_inventories_are_seen_and_told_apart(engine):
    rego = """package demo
violation contains {"msg": name} if { some name in object.keys(data.inventory.namespace.pay["apps/v1"].Deployment) }
"""
    looking = engine.compile(read(code(rego, version="v1")))
    web, none = Inventory([deployment()]), Inventory([])
    asked = [ask(looking, inventory=each) for each in (web, none, web)]
    assert engine.answers(asked) == [[{"msg": "web"}], [], [{"msg": "web"}]]


def test_a_child_that_was_killed_from_outside_is_started_again(engine):
    program = engine.compile(read(code(V1, version="v1")))
    engine.answers([ask(program)])
    os.kill(engine._child._process.pid, 9)
    first, second = engine.answers([ask(program), ask(program)])
    assert first.reason.startswith("the process that evaluated it ended (status -9)")
    assert second == [{"msg": "1 replicas"}]


def test_any_thread_may_ask(engine):
    program = engine.compile(read(code(V1, version="v1")))
    found = []
    threads = [
        threading.Thread(target=lambda: found.extend(engine.answers([ask(program)] * 20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[{"msg": "1 replicas"}]] * 80


def test_a_set_of_policies_is_put_to_the_child():
    policies = PolicySet.from_files(
        {
            "good.yaml": (
                dump(template(code(V1, version="v1"))) + "---\n" + dump(constraint())
            ).encode(),
            "bad.yaml": (
                dump(template(code("package x\nviolation contains )\n", version="v1"), "Bad"))
                + "---\n"
                + dump(constraint("Bad"))
            ).encode(),
        },
        confined(),
    )
    (review,) = policies.review_all([deployment()])
    assert [violation.message for violation in review.violations] == ["1 replicas"]
    assert [failure.policy for failure in review.failures] == ["bad"]


def test_policies_that_were_found_are_reviewed_without_trust():
    documents = [
        template(code(V1, version="v1")),
        constraint(),
        template(code(LOOP, version="v1"), "Loops"),
        constraint("Loops"),
    ]
    found = read_files(
        {f"{n}.yaml": dump(document).encode() for n, document in enumerate(documents)},
        render=False,
    ).manifests
    few, enough = review_untrusted(found, [deployment(), deployment(replicas=3)])
    assert [violation.message for violation in few.violations] == ["1 replicas"]
    assert enough.violations == ()
    assert [(type(error), error.policy, error.constraint) for error in few.failures] == [
        (LimitExceeded, "loops", "demo")
    ]
    assert isinstance(enough.failures[0], NotEvaluated)
    assert json.dumps(few.failures[0].params)


def test_a_process_that_was_forked_asks_a_child_of_its_own(engine):
    """It knows nothing of what the child of the other process was told."""
    program = engine.compile(read(code(V1, version="v1")))
    expected = [[{"msg": "1 replicas"}]]
    assert engine.answers([ask(program)]) == expected
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        said = json.dumps(engine.answers([ask(program)]), default=str)
        os.write(writing, said.encode())
        engine.close()
        os._exit(0)
    os.close(writing)
    os.waitpid(process, 0)
    with os.fdopen(reading) as answer:
        assert json.loads(answer.read()) == expected
    assert engine.answers([ask(program)]) == expected


def test_a_library_that_imports_itself(engine):
    lib = "package lib.a\nimport data.lib.a\nf(x) { a.f(x) }\ng(x) { x == 1 }\n"
    rego = 'package d\nimport data.lib.a\nviolation[{"msg": "found"}] { a.%s(1) }'
    fine = engine.compile(read({"rego": rego % "g", "libs": [lib]}))
    assert engine.answers([ask(fine)]) == [[{"msg": "found"}]]
    with pytest.raises(LimitExceeded) as caught:
        engine.compile(read({"rego": rego % "f", "libs": [lib]}))
    assert caught.value.reason == (
        "it calls itself without end when it is compiled, so nothing is known of it there"
    )


def test_thousands_of_constraints_of_one_template():
    documents = [template(code(V1, version="v1"))]
    for number in range(2000):
        made = constraint(parameters={"min": number % 3})
        made["metadata"]["name"] = f"c{number}"
        documents.append(made)
    files = {"all.yaml": "\n---\n".join(map(json.dumps, documents)).encode()}
    policies = PolicySet(read_files(files, render=False), confined())
    review = policies.review(deployment())
    assert (len(policies.policies), review.failures) == (2000, ())
    assert len(review.violations) == sum(number % 3 == 2 for number in range(2000))
