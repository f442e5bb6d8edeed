"""Gator's suites: what is counted, what is skipped, what is wrong."""

from __future__ import annotations

import pytest

from flagstone.core.errors import NotFound, UserError
from flagstone.policies.engines.in_process import InProcess
from flagstone.policies.suites.choosing import chosen
from flagstone.policies.suites.running import run_suite
from flagstone.policies.suites.suites import find_suites
from tests.policies.admission.samples import policy as admission_policy
from tests.policies.gatekeeper.samples import V1, code, constraint, dump, template
from tests.policies.suites.samples import case, deployment, save, test_of, write


def run(file, pattern=""):
    (suite,) = find_suites(str(file))
    return run_suite(suite, InProcess(), chosen(pattern))


def problem(folder, *assertions, object_file="one.yaml", **more):
    (test,) = run(write(folder, test_of(case("case", object_file, *assertions, **more)))).tests
    assert test.problem == ""
    return test.cases[0].problem


@pytest.mark.parametrize(
    "assertion",
    [
        {"violations": 1},
        {"violations": "yes"},
        {"violations": True},  # what YAML makes of a bare yes
        {},
        {"violations": 1, "message": "1 replicas"},
        {"message": "^\\d replicas$"},
        {"violations": 0, "message": "two"},
        {"violations": "no", "message": "two"},
        {"violations": False, "message": "two"},
    ],
)
def test_assertions_that_hold(tmp_path, assertion):
    assert problem(tmp_path, assertion) == ""


@pytest.mark.parametrize(
    ("assertion", "said"),
    [
        ({"violations": 2}, "got 1 violation, but want exactly 2; there were: 1 replicas"),
        ({"violations": 0}, "got 1 violation, but want none; there were: 1 replicas"),
        ({"violations": "no"}, "got 1 violation, but want none; there were: 1 replicas"),
        ({"message": "2"}, "got 0 violations whose message matches '2', but want at least 1; there were: 1 replicas"),
        ({"violations": -1}, 'assertions[].violations must be a nonnegative integer, "yes" or "no"'),
        ({"violations": "some"}, 'assertions[].violations must be a nonnegative integer, "yes" or "no"'),
        ({"message": "("}, "'(' is no regular expression: missing ) at position 1"),
    ],
)  # fmt: skip
def test_assertions_that_do_not_hold(tmp_path, assertion, said):
    assert problem(tmp_path, assertion) == said


def test_every_assertion_has_to_hold(tmp_path):
    assert "exactly 3" in problem(tmp_path, {"violations": 1}, {"violations": 3})


def test_an_object_that_does_not_match_has_no_violation(tmp_path):
    file = write(tmp_path, test_of(case("case", "one.yaml", {"violations": "no"})))
    other = constraint(match={"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]})
    (tmp_path / "constraint.yaml").write_text(dump(other))
    assert run(file).holds


def test_what_is_only_recorded_counts_too(tmp_path):
    file = write(tmp_path, test_of(case()))
    (tmp_path / "constraint.yaml").write_text(dump(constraint(enforcementAction="dryrun")))
    assert run(file).holds


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        (["*"], 1),
        (["gator.gatekeeper.sh", "audit.gatekeeper.sh"], 1),
        (["validation.gatekeeper.sh"], 0),
        ([], 0),
    ],
)
def test_scoped_actions_count_where_they_name_gator(tmp_path, points, wanted):
    file = write(tmp_path, test_of(case("case", "one.yaml", {"violations": wanted})))
    scoped = [{"action": "warn", "enforcementPoints": [{"name": name} for name in points]}]
    made = constraint(enforcementAction="scoped")
    made["spec"]["scopedEnforcementActions"] = scoped
    (tmp_path / "constraint.yaml").write_text(dump(made))
    assert run(file).holds


def test_skipping(tmp_path):
    file = write(tmp_path, test_of(case("a", "no.yaml", skip=True)), test_of(skip=True, name="b"))
    first, second = run(file).tests
    assert (first.skipped, first.cases[0].skipped, second.skipped) == (False, True, True)
    assert run(write(tmp_path, test_of(case("a", "no.yaml")), skip=True)).skipped


def test_a_constraint_that_is_expected_not_to_fit(tmp_path):
    invalid = test_of(constraint="wrong.yaml", invalid=True)
    assert run(write(tmp_path, invalid)).holds
    (test,) = run(write(tmp_path, test_of(constraint="wrong.yaml"))).tests
    assert test.problem.endswith("spec.parameters.min: 'two' is not of type 'integer'")
    assert "wrong.yaml:7" in test.problem
    (test,) = run(write(tmp_path, test_of(invalid=True))).tests
    assert test.problem == "the constraint fits its template, but is expected to be invalid"


def test_inventory(tmp_path):
    rego = """package demo
violation contains {"msg": name} if {
  some name in object.keys(data.inventory.namespace.shop["apps/v1"].Deployment)
}
"""
    save(tmp_path, "shop.yaml", deployment(1, "shop"), deployment(1, "other"))
    file = write(
        tmp_path,
        test_of(
            case("with", "one.yaml", {"violations": 1}, inventory=["shop.yaml"]),
            case("without", "one.yaml", {"violations": "no"}),
        ),
    )
    (tmp_path / "template.yaml").write_text(dump(template(code(rego, version="v1"))))
    assert run(file).holds


def test_labels_of_namespaces_come_from_the_inventory(tmp_path):
    space = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "pay", "labels": {"a": "b"}},
    }
    save(tmp_path, "space.yaml", space)
    file = write(tmp_path, test_of(case("with", inventory=["space.yaml"]), case("without")))
    selecting = constraint(match={"namespaceSelector": {"matchLabels": {"a": "b"}}})
    (tmp_path / "constraint.yaml").write_text(dump(selecting))
    (test,) = run(file).tests
    assert test.cases[0].problem == ""
    assert test.cases[1].problem == (
        "the constraint selects by labels of the namespace pay, which is not in the inventory of the case"
    )


@pytest.mark.parametrize("kind", ["namespaceSelector", "labelSelector"])
def test_every_namespace_carries_its_name(tmp_path, kind):
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay"}}
    save(tmp_path, "space.yaml", space)
    rego = """package demo
violation contains {"msg": "space"} if {
  object.get(input.review, ["namespaceObject"], input.review.object).metadata.labels[key] == "pay"
  key == "kubernetes.io/metadata.name"
}
"""
    cases = [case("of itself", "space.yaml")]
    if kind == "namespaceSelector":
        cases.append(case("of another", "one.yaml", inventory=["space.yaml"]))
    file = write(tmp_path, test_of(*cases))
    (tmp_path / "template.yaml").write_text(dump(template(code(rego, version="v1"))))
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "pay"}}
    (tmp_path / "constraint.yaml").write_text(dump(constraint(match={kind: selector})))
    assert [each.problem for each in run(file).tests[0].cases] == [""] * len(cases)


def test_an_admission_policy_is_not_tested_by_a_suite(tmp_path):
    file = write(tmp_path, test_of(case()))
    (tmp_path / "template.yaml").write_text(dump(admission_policy()))
    (test,) = run(file).tests
    assert test.problem == (
        f"{tmp_path}/template.yaml holds a ValidatingAdmissionPolicy: a Suite tests "
        "ConstraintTemplates only; put objects to it with "
        "`flagstone policy test FILES --policies FOLDER`"
    )


def review(**request):
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "1", "kind": kind, "name": "web", "namespace": "pay", **request},
    }


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (review(operation="CREATE", object=deployment(1)), ""),
        (review(operation="DELETE", oldObject=deployment(1)), ""),
        (review(operation="UPDATE", object=deployment(1), oldObject=deployment(2)), ""),
        (review(operation="DELETE", object=deployment(1)), "ar.yaml: a request to DELETE has an oldObject"),
        (review(operation="CREATE"), 'ar.yaml: the request has neither an "object" nor an "oldObject"'),
        ({**review(), "request": None}, "ar.yaml: the AdmissionReview has no request"),
    ],
)  # fmt: skip
def test_admission_reviews(tmp_path, request_, said):
    save(tmp_path, "ar.yaml", request_)
    found = problem(tmp_path, object_file="ar.yaml")
    assert found.removeprefix(f"{tmp_path}/") == said


def test_what_is_asked_of_an_admission_review(tmp_path):
    rego = """package demo
violation contains {"msg": sprintf("%v %v %v", [r.operation, r.userInfo.username, r.oldObject.spec.replicas])} if {
  r := input.review
}
"""
    made = review(
        operation="UPDATE",
        object=deployment(1),
        oldObject=deployment(2),
        userInfo={"username": "ann"},
    )
    save(tmp_path, "ar.yaml", made)
    file = write(tmp_path, test_of(case("case", "ar.yaml", {"message": "^UPDATE ann 2$"})))
    (tmp_path / "template.yaml").write_text(dump(template(code(rego, version="v1"))))
    assert run(file).holds


def test_fields_that_no_request_has_are_not_asked_about(tmp_path):
    """They are dropped, as gator and the API server do."""
    save(tmp_path, "ar.yaml", review(operation="CREATE", object=deployment(1), colour="red"))
    rego = """package demo
violation contains {"msg": key} if some key in object.keys(input.review)
"""
    wanted = [{"violations": "no", "message": "colour"}, {"violations": 1, "message": "^uid$"}]
    file = write(tmp_path, test_of(case("case", "ar.yaml", *wanted)))
    (tmp_path / "template.yaml").write_text(dump(template(code(rego, version="v1"))))
    assert run(file).holds


def test_a_single_object_is_no_operation(tmp_path):
    rego = V1.replace("input.review.object.spec.replicas <", 'input.review.operation == ""\n  1 <')
    file = write(tmp_path, test_of(case()))
    (tmp_path / "template.yaml").write_text(dump(template(code(rego, version="v1"))))
    assert run(file).holds


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"object": ""}, "the case names no object"),
        ({"assertions": []}, "the case has no assertions; a case must have at least one"),
        ({"object": "none.yaml"}, "none.yaml cannot be read: No such file or directory"),
        ({"object": "both.yaml"}, "both.yaml must hold one object, and holds 2"),
        ({"object": "broken.yaml"}, "broken.yaml: line 2: "),
    ],
)
def test_cases_that_are_wrong(tmp_path, changed, said):
    save(tmp_path, "both.yaml", deployment(1), deployment(2))
    (tmp_path / "broken.yaml").write_text("apiVersion: v1\nkind: [\n")
    (test,) = run(write(tmp_path, test_of({**case(), **changed}))).tests
    assert test.cases[0].problem.removeprefix(f"{tmp_path}/").startswith(said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"template": ""}, "the test names no template"),
        ({"constraint": ""}, "the test names no constraint"),
        ({"template": "one.yaml"}, "one.yaml must hold one ConstraintTemplate"),
        ({"constraint": "one.yaml"}, "one.yaml must hold one constraint"),
        ({"template": "bad.yaml"}, "bad.yaml:19: demo: expecting expression"),
    ],
)
def test_tests_that_are_wrong(tmp_path, changed, said):
    bad = template(code("package demo\nviolation contains )\n", version="v1"))
    (tmp_path / "bad.yaml").write_text(dump(bad))
    (test,) = run(write(tmp_path, test_of(case(), **changed))).tests
    assert test.problem.removeprefix(f"{tmp_path}/") == said


def test_fields_that_gator_passes_over_are_told(tmp_path):
    misspelt = {"name": "a", "object": "one.yaml", "assertionz": [{"violations": "no"}]}
    odd = case("b", "one.yaml", {"violation": 0, "mesage": "x"})
    result = run(write(tmp_path, test_of(misspelt, odd, casez=[]), owner="money"))
    assert result.notes == (
        "owner is no field of a Suite and is passed over",
        "tests[0]: casez is no field of a test and is passed over; is cases meant?",
        "tests[0].cases[0]: assertionz is no field of a case and is passed over; is assertions meant?",
        (
            "tests[0].cases[1].assertions[0]: violation is no field of an assertion and is passed over; "
            "is violations meant?"
        ),
        (
            "tests[0].cases[1].assertions[0]: mesage is no field of an assertion and is passed over; "
            "is message meant?"
        ),
    )
    (test,) = result.tests
    assert [c.problem for c in test.cases] == [
        "the case has no assertions; a case must have at least one",
        "",
    ]


def test_what_tests_nothing_is_told(tmp_path):
    result = run(write(tmp_path, test_of()))
    assert (result.holds, result.notes) == (
        True,
        ("few has no cases: nothing is put to its policy",),
    )
    assert run(write(tmp_path)).notes == ("it has no tests: nothing is tried",)
    invalid = test_of(constraint="wrong.yaml", invalid=True)
    assert run(write(tmp_path, invalid)).notes == ()


def test_fields_are_known_in_any_case_of_letters(tmp_path):
    capital = {"Name": "a", "Object": "one.yaml", "ASSERTIONS": [{"Violations": 1}]}
    result = run(write(tmp_path, test_of(capital)))
    assert (result.holds, result.notes, result.tests[0].cases[0].name) == (True, (), "a")


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        ({"cases": {"name": "a"}}, "tests[0].cases is no list but {'name': 'a'}"),
        ({"skip": "false"}, "tests[0].skip must be true or false, and is 'false'"),
        ({"name": 3}, "tests[0].name must be a text, and is 3"),
        ({"cases": ["one.yaml"]}, "tests[0].cases[0] is no case but 'one.yaml'"),
        (
            {"cases": [case(inventory=["a.yaml", {}])]},
            "tests[0].cases[0].inventory[1] must be a text, and is {}",
        ),
        (
            {"cases": [case("a", "one.yaml", {"violations": 1.5})]},
            "tests[0].cases[0].assertions[0].violations must be a number, yes or no, and is 1.5",
        ),
    ],
)
def test_what_gator_cannot_read_is_no_pass(tmp_path, made, fault):
    result = run(write(tmp_path, {**test_of(case()), **made}))
    assert not result.holds
    assert result.problem == f"gator cannot read it: {fault}"


@pytest.mark.parametrize(("scope", "count"), [("Cluster", 1), ("Namespaced", 0)])
def test_an_object_without_a_namespace_is_in_none_for_gator(tmp_path, scope, count):
    file = write(tmp_path, test_of(case("a", "bare.yaml", {"violations": count})))
    (tmp_path / "constraint.yaml").write_text(dump(constraint(match={"scope": scope})))
    save(tmp_path, "bare.yaml", deployment(1, namespace=""))
    assert [c.problem for c in run(file).tests[0].cases] == [""]


def test_choosing(tmp_path):
    file = write(
        tmp_path,
        test_of(case("alpha"), case("beta"), name="one"),
        test_of(case("alpha"), name="two"),
    )

    def ran(pattern):
        return [
            f"{test.name}/{case.name}"
            for test in run(file, pattern).tests
            if not test.skipped
            for case in test.cases
            if not case.skipped
        ]

    assert ran("") == ["one/alpha", "one/beta", "two/alpha"]
    assert ran("alpha") == ["one/alpha", "two/alpha"]
    assert ran("one") == ["one/alpha", "one/beta"]
    assert ran("^one$//") == ["one/alpha", "one/beta"]
    assert ran("//^alph") == ["one/alpha", "two/alpha"]
    assert ran("one//beta") == ["one/beta"]
    with pytest.raises(UserError, match="at most one"):
        chosen("a//b//c")
    with pytest.raises(UserError, match="no regular expression"):
        chosen("(")


def test_finding(tmp_path):
    write(tmp_path, test_of(case()))
    write(tmp_path / "below", test_of(case()))
    (tmp_path / "other.txt").write_text("test.gatekeeper.sh")
    assert [s.path for s in find_suites(str(tmp_path))] == [tmp_path / "suite.yaml"]
    assert [s.path for s in find_suites(f"{tmp_path}/...")] == [
        tmp_path / "below" / "suite.yaml",
        tmp_path / "suite.yaml",
    ]
    with pytest.raises(NotFound, match="no file or folder"):
        find_suites(str(tmp_path / "none"))
    with pytest.raises(UserError, match="is no suite"):
        find_suites(str(tmp_path / "one.yaml"))
    with pytest.raises(UserError, match="only a folder"):
        find_suites(f"{tmp_path}/suite.yaml/...")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match="also looks below it"):
        find_suites(str(tmp_path / "empty"))


def test_a_suite_that_cannot_be_read_fails(tmp_path):
    (tmp_path / "suite.yaml").write_text(
        "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\ntests: [\n"
    )
    result = run(tmp_path)
    assert not result.holds
    assert "suite.yaml: line " in result.problem
