"""`flagstone policy`: verify, test and list, as commands."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from flagstone.cli.main import app
from flagstone.core.errors import FlagstoneError
from tests.policies.admission import samples as admission
from tests.policies.gatekeeper.samples import V1, code, constraint, dump, template
from tests.policies.suites.samples import case, deployment, save, test_of, write


def run(*arguments, code=0):
    result = CliRunner().invoke(app, ["policy", *map(str, arguments)])
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def test_verify(tmp_path):
    file = write(tmp_path, test_of(case("good"), case("bad", "two.yaml"), case("off", skip=True)))
    text = run("verify", file, code=1)
    assert text.splitlines() == [
        str(file),
        "  fail  few",
        "    pass  good",
        "    fail  bad",
        "          got 0 violations, but want exactly 1; there were: none at all",
        "    skip  off",
        "",
        "1 passed, 1 failed, 1 skipped in 1 suite",
    ]


def test_verify_tells_what_tests_nothing(tmp_path):
    file = write(tmp_path, test_of(casez=[case("good")]))
    notes = [
        "tests[0]: casez is no field of a test and is passed over; is cases meant?",
        "few has no cases: nothing is put to its policy",
    ]
    said = " ".join(run("verify", file).split())
    assert f"note {notes[0]} note {notes[1]}" in said
    assert json.loads(run("verify", file, "--format", "json"))["suites"][0]["notes"] == notes
    root = ET.fromstring(run("verify", file, "--format", "junit"))
    assert [each.text for each in root.iter("system-out")] == ["\n".join(notes)]


def test_verify_chooses(tmp_path):
    write(tmp_path, test_of(case("good"), case("bad", "two.yaml")))
    assert run("verify", f"{tmp_path}/...", "--run", "//good").endswith(
        "1 passed, 1 skipped in 1 suite\n"
    )


def test_verify_for_machines(tmp_path):
    file = write(tmp_path, test_of(case("good"), case("bad", "two.yaml")))
    data = json.loads(run("verify", file, "--format", "json", code=1))
    assert data["summary"] == {"pass": 1, "fail": 1, "skip": 0}
    cases = data["suites"][0]["tests"][0]["cases"]
    assert [(c["name"], c["status"], c["messages"]) for c in cases] == [
        ("good", "pass", ["1 replicas"]),
        ("bad", "fail", []),
    ]
    root = ET.fromstring(run("verify", file, "--format", "junit", code=1))
    assert root.attrib["tests"] == "2"
    assert [c.attrib["name"] for c in root.iter("testcase") if c.find("failure") is not None] == [
        "bad"
    ]


@pytest.fixture
def folder(tmp_path):
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "few.yaml").write_text(
        dump(template(code(V1, version="v1"))) + "---\n" + dump(constraint())
    )
    manifests = tmp_path / "apps"
    manifests.mkdir()
    save(manifests, "a.yaml", deployment(1), deployment(3))
    return tmp_path


def test_test(folder):
    text = run("test", folder / "apps", "--policies", folder / "policies", code=1)
    assert text.splitlines() == [
        f"{folder}/apps/a.yaml  Deployment/pay/web",
        "  deny    line 1, demo / demo",
        "          1 replicas",
        "",
        "2 objects: 1 deny",
    ]
    save(folder / "apps", "a.yaml", deployment(3))
    assert run("test", folder / "apps" / "a.yaml", "--policies", folder / "policies") == (
        "1 object: no violation\n"
    )


def test_test_for_machines(folder):
    command = ("test", folder / "apps", "--policies", folder / "policies", "--format")
    data = json.loads(run(*command, "json", code=1))
    (violation,) = data["objects"][0]["violations"]
    assert violation == {
        "policy": "demo",
        "constraint": "demo",
        "enforcement": "deny",
        "line": 1,
        "message": "1 replicas",
        "details": {},
    }
    root = ET.fromstring(run(*command, "junit", code=1))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    sarif = json.loads(run(*command, "sarif", code=1))
    (result,) = sarif["runs"][0]["results"]
    assert (result["ruleId"], result["level"], result["message"]["text"]) == (
        "demo",
        "error",
        "1 replicas",
    )


def test_what_only_warns_fails_nothing(folder):
    (folder / "policies" / "few.yaml").write_text(
        dump(template(code(V1, version="v1")))
        + "---\n"
        + dump(constraint(enforcementAction="warn"))
    )
    assert run("test", folder / "apps", "--policies", folder / "policies").endswith(
        "2 objects: 1 warn\n"
    )


def test_what_cannot_be_evaluated_is_no_pass(folder):
    rego = 'package demo\nviolation contains {"msg": "x"} if { http.send({}) }\n'
    (folder / "policies" / "few.yaml").write_text(
        dump(template(code(rego, version="v1"))) + "---\n" + dump(constraint())
    )
    text = run("test", folder / "apps", "--policies", folder / "policies", code=1)
    assert "it asks another server (http.send), which is not done here" in text
    assert text.endswith("2 objects: 2 unknown\n")


REMOTE = "resources: [https://git.example.com/acme/base//deploy?ref=v1]\n"


def kustomization(folder, text):
    folder.mkdir(parents=True)
    (folder / "kustomization.yaml").write_text(text)


def test_an_odd_plural_is_read_from_a_folder_of_crds(tmp_path):
    policies, crds, apps = (tmp_path / name for name in ("policies", "crds", "apps"))
    for place in (policies, crds, apps):
        place.mkdir()
    rule = {**admission.RULE, "apiGroups": ["ex.com"], "resources": ["gadgetries"]}
    made = admission.policy(matchConstraints={"resourceRules": [rule]})
    (policies / "p.yaml").write_text(dump(made) + "---\n" + dump(admission.binding()))
    raw = {"apiVersion": "ex.com/v1", "kind": "Gadget", "metadata": {"name": "x"}}
    (apps / "g.yaml").write_text(dump({**raw, "spec": {"replicas": 1}}))
    arguments = ["test", apps, "--policies", policies]
    assert "1 unknown" in run(*arguments, code=1)
    (crds / "gadget.yaml").write_text(dump(admission.definition(plural="gadgetries").raw))
    assert "deny    line 1, few / few-everywhere" in run(*arguments, "--crds", crds, code=1)


def test_what_is_not_rendered_is_no_pass(folder):
    save(folder / "apps", "a.yaml", deployment(3))
    kustomization(folder / "apps" / "shop", REMOTE)
    command = ("test", folder / "apps", "--policies", folder / "policies", "--format")
    reason = (
        "kustomize could not render shop: it builds on "
        "https://git.example.com/acme/base//deploy?ref=v1, which is remote and is not fetched"
    )

    text = run(*command, "text", code=1)
    assert text.startswith(f"{folder}/apps/shop\n  not tested: ")
    assert reason in " ".join(text.split())
    assert text.endswith("\n1 object: 1 not tested\n")
    data = json.loads(run(*command, "json", code=1))
    assert data["not_tested"] == [{"path": f"{folder}/apps/shop", "reason": reason}]
    root = ET.fromstring(run(*command, "junit", code=1))
    assert (root.attrib["tests"], root.attrib["errors"]) == ("2", "1")
    (run_of_sarif,) = json.loads(run(*command, "sarif", code=1))["runs"]
    (note,) = run_of_sarif["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == f"{folder}/apps/shop: not tested: {reason}"


def test_nothing_but_what_is_not_rendered_says_why(folder):
    kustomization(folder / "overlay", "resources: [../apps]\n")

    text = run("test", folder / "overlay", "--policies", folder / "policies", code=1)
    words = " ".join(text.split())
    assert words == (
        f"{folder}/overlay not tested: kustomize could not render the folder: it reads ../apps, "
        "which is outside of the folder that was read 0 objects: 1 not tested"
    )


def test_files_of_what_is_not_rendered_stand_for_its_folder(folder):
    kustomization(folder / "apps" / "shop", REMOTE.replace("]", ", b.yaml]"))
    save(folder / "apps" / "shop", "b.yaml", deployment(3))

    command = ("test", folder / "apps", "--policies", folder / "policies", "--format", "json")
    data = json.loads(run(*command, code=1))
    assert [each["path"] for each in data["not_tested"]] == [f"{folder}/apps/shop/b.yaml"]


def test_list(folder):
    text = run("list", "--policies", folder / "policies")
    assert text.splitlines() == [
        "demo  demo",
        "  engine      Rego v1",
        "  enforced    deny",
        "  matches     every kind",
        '  parameters  {"min": 2}',
        "  file        few.yaml",
        "",
        f"1 policy in {folder / 'policies'}",
    ]
    data = json.loads(run("list", "--policies", folder / "policies", "--format", "json"))
    assert data["policies"][0]["engine"] == "Rego v1"


def test_list_says_what_is_broken_or_idle(folder):
    (folder / "policies" / "more.yaml").write_text(
        dump(template(code(V1, version="v1"), "Idle"))
        + "---\n"
        + dump(template(code("package x\nviolation contains )\n", version="v1"), "Bad"))
    )
    text = run("list", "--policies", folder / "policies")
    assert "broken\n  more.yaml:" in text
    assert "idle\n  nothing puts it to use: it has no constraint, or no binding" in text


def test_list_says_what_only_a_cluster_can_decide(tmp_path):
    asks = "request.userInfo.username != 'x' && authorizer.path('/').check('get').allowed()"
    reference = {"paramRef": {"name": "limits", "parameterNotFoundAction": "Deny"}}
    documents = (
        admission.policy(validations=[{"expression": asks}]),
        admission.binding(),
        admission.policy(paramKind={"apiVersion": "v1", "kind": "ConfigMap"})
        | {"metadata": {"name": "more"}},
        admission.binding(policyName="more", **reference) | {"metadata": {"name": "b"}},
    )
    (tmp_path / "all.yaml").write_text("---\n".join(map(dump, documents)))
    text = " ".join(run("list", "--policies", tmp_path).split())  # however wide the terminal is
    asked = "it asks for authorizer, request.userInfo, which only a request to a cluster has"
    assert f" undecided {asked} " in text
    assert "more refuses all it matches matches apps/deployments where " in text
    assert " no params found for policy binding with" in text
    data = json.loads(run("list", "--policies", tmp_path, "--format", "json"))
    assert data["policies"][0]["undecided"] == ["authorizer", "request.userInfo"]
    assert [(r["name"], r["constraint"]) for r in data["refusing"]] == [("more", "b")]
    assert data["refusing"][0]["matches"] == ["apps/deployments"]


def test_list_says_what_rego_asks_of_a_request(tmp_path):
    rego = 'package x\nviolation contains {"msg": "m"} if input.review.userInfo.username != "a"\n'
    documents = (template(code(rego, version="v1")), constraint())
    (tmp_path / "all.yaml").write_text("---\n".join(map(dump, documents)))
    data = json.loads(run("list", "--policies", tmp_path, "--format", "json"))
    assert data["policies"][0]["undecided"] == ["input.review.userInfo"]


def test_list_tells_every_part_of_a_match(folder):
    match = {
        "kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}],
        "excludedNamespaces": ["kube-*"],
        "labelSelector": {"matchLabels": {"tier": "web"}},
        "namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
        "scope": "Namespaced",
        "name": "shop-*",
        "source": "Original",
    }
    (folder / "policies" / "few.yaml").write_text(
        dump(template(code(V1, version="v1"))) + "---\n" + dump(constraint(match=match))
    )
    command = ("list", "--policies", folder / "policies", "--format")
    (listed,) = json.loads(run(*command, "json"))["policies"]
    assert listed["matches"] == ["apps/Deployment"]
    assert listed["where"] == {field: value for field, value in match.items() if field != "kinds"}
    text = " ".join(run(*command, "text").split())
    assert (
        'matches apps/Deployment where excludedNamespaces ["kube-*"] '
        'labelSelector {"matchLabels": {"tier": "web"}} '
        'namespaceSelector {"matchExpressions": [{"key": "team", "operator": "Exists"}]} '
        'scope "Namespaced" name "shop-*" source "Original" parameters'
    ) in text


def test_list_tells_what_an_admission_policy_and_its_binding_match(tmp_path):
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["old"]}
    condition = {"name": "no-tests", "expression": "!object.metadata.name.startsWith('test')"}
    documents = (
        admission.policy(matchConditions=[condition]),
        admission.binding(
            matchResources={"excludeResourceRules": [rule]}, validationActions=["Deny", "Audit"]
        ),
    )
    (tmp_path / "all.yaml").write_text("---\n".join(map(dump, documents)))
    (listed,) = json.loads(run("list", "--policies", tmp_path, "--format", "json"))["policies"]
    assert listed["where"]["matchResources.excludeResourceRules"] == [rule]
    assert listed["where"]["matchConditions"] == [condition]
    assert listed["actions"] == [
        {"action": "Deny", "points": []},
        {"action": "Audit", "points": []},
    ]
    text = run("list", "--policies", tmp_path)
    assert "  enforced    Deny; Audit (counts here as deny)\n" in text


@pytest.mark.parametrize(
    ("scoped", "said"),
    [
        (
            [("deny", ["gator.gatekeeper.sh"]), ("warn", ["validation.gatekeeper.sh"])],
            "deny at gator.gatekeeper.sh; warn at validation.gatekeeper.sh (counts here as deny)",
        ),
        ([("warn", ["*"])], "warn at *"),
        (
            [("deny", ["audit.gatekeeper.sh"])],
            "deny at audit.gatekeeper.sh (counts here as dryrun)",
        ),
        ([], "nothing at any enforcement point (counts here as dryrun)"),
    ],
)
def test_list_tells_scoped_actions_by_their_points(folder, scoped, said):
    actions = [
        {"action": action, "enforcementPoints": [{"name": point} for point in points]}
        for action, points in scoped
    ]
    scope = constraint(enforcementAction="scoped", scopedEnforcementActions=actions)
    (folder / "policies" / "few.yaml").write_text(
        dump(template(code(V1, version="v1"))) + "---\n" + dump(scope)
    )
    command = ("list", "--policies", folder / "policies", "--format")
    assert f" enforced {said} matches " in " ".join(run(*command, "text").split())
    (listed,) = json.loads(run(*command, "json"))["policies"]
    assert listed["actions"] == [{"action": action, "points": points} for action, points in scoped]


def test_what_is_broken_has_one_heading(folder):
    (folder / "policies" / "more.yaml").write_text(
        dump(template(code("package x\nviolation contains )\n", version="v1"), "Bad"))
        + "---\n"
        + dump(template(code("package y\nviolation contains )\n", version="v1"), "Worse"))
    )
    listed = run("list", "--policies", folder / "policies").splitlines()
    assert listed.count("broken") == 1
    tried = run("test", folder / "apps", "--policies", folder / "policies", code=1).splitlines()
    assert tried.count("broken policies") == 1


def test_own_policies_are_the_usual_ones():
    data = json.loads(run("list", "--format", "json"))
    assert data["broken"] == []
    assert {policy["engine"] for policy in data["policies"]} == {"Rego v1"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "{0}/none"), "there is no file or folder"),
        (("verify", "{0}"), "there is no gator Suite directly in"),
        (("test", "{0}/apps", "--policies", "{0}/empty"), "holds no policy"),
        (("test", "{0}/none"), "none"),
    ],
)
def test_wrong_usage(folder, arguments, said):
    (folder / "empty").mkdir()
    result = CliRunner().invoke(app, ["policy", *(a.format(folder) for a in arguments)])
    assert isinstance(result.exception, FlagstoneError)
    assert said in str(result.exception)


def test_a_choice_that_nothing_fits_is_no_success(tmp_path):
    file = write(tmp_path, test_of(case("good")))
    result = CliRunner().invoke(app, ["policy", "verify", str(file), "--run", "nosuch"])
    assert isinstance(result.exception, FlagstoneError)
    assert result.exception.message == (
        "no test and no case has a name that --run nosuch matches, so none was run"
    )
    assert result.stdout == ""
