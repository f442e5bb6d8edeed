"""Policies of a repository on trial: which of them refuse what they should."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.scorecards.engine.reporting.report import CheckReport
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import score, scorecard, verdict
from tests.scorecards.engine.trials.written_policies import (
    APPS,
    BOTH,
    CONTAINERS,
    MEMORY,
    POD_PROBES,
    PODS,
    PROBES,
    RESOURCES,
    ROLLOUTS,
    constraint,
    files,
    template,
)

ALL_KINDS = "Deployment, StatefulSet, DaemonSet, Rollout"


def judged(*documents: dict[str, Any], check: str = "GK-06") -> CheckReport:
    return verdict(score(files(*documents), scorecard(check)), check)


def wrong(*documents: dict[str, Any]) -> list[str]:
    """The cases that got the wrong answer, without the policy's name and without hints."""
    found = judged(*documents)
    messages = [finding.message.partition(": ")[2] for finding in found.findings]
    return [message.partition(";")[0] for message in messages]


def with_rule(body: str, head: str = 'violation[{"msg": "no"}]') -> dict[str, Any]:
    return template(f"package acme\n{head} {{\n  c := {CONTAINERS}\n  {body}\n}}")


@pytest.mark.parametrize(
    ("program", "parameters", "kinds"),
    [
        (PROBES, BOTH, [APPS, ROLLOUTS]),
        (PROBES, {"probes": ["livenessProbe"]}, [APPS, ROLLOUTS]),
        (PROBES, {"probes": ["startupProbe", "livenessProbe"]}, [APPS, ROLLOUTS]),
        (POD_PROBES, BOTH | {"probeTypes": ["tcpSocket", "httpGet", "exec"]}, [PODS]),
        (POD_PROBES, BOTH | {"probeTypes": ["tcpSocket"]}, [PODS]),
        (POD_PROBES, BOTH | {"probeTypes": ["httpGet"]}, [{"apiGroups": ["*"], "kinds": ["*"]}]),
        (RESOURCES, MEMORY, [APPS, ROLLOUTS]),
        (RESOURCES, {"limits": ["cpu", "memory"]}, [APPS, ROLLOUTS]),
    ],
)
def test_good_policies(program: str, parameters: dict[str, Any], kinds: list[Any]) -> None:
    found = judged(template(program), constraint(parameters, *kinds))

    grave = [f.message for f in found.findings if "istio-proxy" not in f.message]
    assert (found.state in {State.PASS, State.WARN}, grave) == (True, []), found


@pytest.mark.parametrize(
    "body",
    [
        "not c.readinessProbe\n  not c.livenessProbe",
        'not c["readinessProbe"]; not c["livenessProbe"]',
        'object.get(c, "readinessProbe", null) == null\n object.get(c, "livenessProbe", null) == null',
        'count({p | p := ["readinessProbe", "livenessProbe"][_]; c[p]}) == 0',
    ],
)
def test_a_policy_that_only_notices_when_both_are_missing(body: str) -> None:
    found = wrong(with_rule(body), constraint())

    assert f"readiness probe missing ({ALL_KINDS}): 0 violations, expected 1" in found
    assert f"liveness probe missing ({ALL_KINDS}): 0 violations, expected 1" in found
    assert not [message for message in found if message.startswith("readiness and liveness")]


def test_any_probe_is_enough_for_a_helper_with_two_bodies() -> None:
    program = template(
        "package acme\n"
        f'violation[{{"msg": "no"}}] {{ c := {CONTAINERS}; not probed(c) }}\n'
        "probed(c) { c.readinessProbe }\nprobed(c) { c.livenessProbe }"
    )

    found = wrong(program, constraint())

    assert f"liveness probe missing ({ALL_KINDS}): 0 violations, expected 1" in found


def test_the_finding_explains_two_negations_in_one_body() -> None:
    body = "# not c.startupProbe\n  not c.readinessProbe\n  not c.livenessProbe"

    found = judged(with_rule(body), constraint())

    assert found.findings[0].message == (
        f"Acme/acme: readiness probe missing ({ALL_KINDS}): 0 violations, expected 1; "
        "`not c.readinessProbe` and `not c.livenessProbe` stand in one rule body (line 5 of the Rego), "
        "which holds only where both are missing: write one rule for each"
    )
    assert (found.findings[0].path, found.findings[0].object) == (
        "policies/acme.yaml",
        "ConstraintTemplate/acme",
    )
    assert found.findings[0].line
    assert all(";" not in finding.message for finding in found.findings[1:])


def test_a_probe_without_a_handler() -> None:
    assert wrong(with_rule("p := input.parameters.probes[_]\n  not c[p]"), constraint(BOTH)) == [
        f"readiness probe is {{}} ({ALL_KINDS}): 0 violations, expected 1",
        f"readiness probe has timings and no handler ({ALL_KINDS}): 0 violations, expected 1",
        f"liveness probe is {{}} ({ALL_KINDS}): 0 violations, expected 1",
        f"liveness probe has timings and no handler ({ALL_KINDS}): 0 violations, expected 1",
    ]


def test_the_first_container_only() -> None:
    program = PROBES.replace("containers[_]", "containers[0]")

    assert wrong(template(program), constraint(BOTH)) == [
        f"readiness probe of the second container missing ({ALL_KINDS}): 0 violations, expected 1",
        f"liveness probe of the second container missing ({ALL_KINDS}): 0 violations, expected 1",
    ]


def test_init_containers_have_no_probes() -> None:
    program = PROBES.replace(
        f"container := {CONTAINERS}",
        'spec := input.review.object.spec.template.spec\n  container := spec[{"containers", "initContainers"}[_]][_]',
    )

    assert wrong(template(program), constraint(BOTH)) == [
        f"an init container without probes ({ALL_KINDS}): 2 violations, expected 0"
    ]


def test_a_program_that_knows_one_of_the_kinds_of_its_match() -> None:
    program = PROBES.replace("  probe :=", '  input.review.kind.kind == "Deployment"\n  probe :=')

    assert wrong(template(program), constraint(BOTH)) == [
        "all probes missing (StatefulSet, DaemonSet, Rollout): 0 violations, expected 1"
    ]


def test_kinds_that_the_match_leaves_out_are_not_the_programs_fault() -> None:
    assert judged(template(PROBES), constraint(BOTH, ROLLOUTS)).state is State.WARN


def test_a_rollout_that_borrows_its_pods_is_not_refused() -> None:
    more = '\nviolation[{"msg": "no containers"}] { not input.review.object.spec.template }'

    assert wrong(template(PROBES + more), constraint(BOTH)) == [
        "a Rollout with a workloadRef (Rollout): 1 violation, expected 0"
    ]


def test_jobs_need_no_probes() -> None:
    everything = {"apiGroups": ["*"], "kinds": ["*"]}

    assert wrong(template(PROBES), constraint(BOTH, everything)) == [
        "a Job without probes (Job): 1 violation, expected 0"
    ]


SPARING = PROBES.replace("  probe :=", "  not spared(container)\n  probe :=")


@pytest.mark.parametrize(
    ("parameters", "helper"),
    [
        ({"exemptContainers": ["flagd"]}, "c.name == input.parameters.exemptContainers[_]"),
        (
            {"exemptImages": ["istio/*"]},
            'startswith(c.image, trim(input.parameters.exemptImages[_], "*"))',
        ),
    ],
)
def test_spared_containers_are_spared(parameters: dict[str, Any], helper: str) -> None:
    program = template(f"{SPARING}\nspared(c) {{ {helper} }}")

    assert judged(program, constraint(BOTH | parameters)).state is State.PASS


def test_a_container_that_parameters_spare_and_the_program_does_not() -> None:
    assert wrong(template(PROBES), constraint(BOTH | {"exemptContainers": ["flagd"]})) == [
        f"flagd, which exemptContainers spares, without probes ({ALL_KINDS}): 2 violations, expected 0"
    ]


def test_a_policy_that_spares_nothing_is_warned() -> None:
    found = judged(template(PROBES), constraint(BOTH))

    assert found.state is State.WARN
    assert found.summary == (
        f"Acme/acme: an injected istio-proxy without probes ({ALL_KINDS}): 2 violations, expected 0"
    )


def test_what_a_policy_demands_besides_is_left_alone() -> None:
    more = '\nviolation[{"msg": "no team"}] { not input.review.object.metadata.labels.team }'

    assert judged(template(PROBES + more), constraint(BOTH)).state is State.WARN


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (
            "not c.resources.limits.memory\n  not c.resources.limits.cpu",
            ["limits.cpu missing", 'limits.cpu is "0", which is none', "limits.memory missing"],
        ),
        (
            "not c.resources.limits.memory\n  not c.resources.requests.memory",
            ["limits.memory missing", "limits missing", "requests.memory missing"],
        ),
    ],
)
def test_resources_of_which_only_all_together_are_noticed(body: str, missing: list[str]) -> None:
    found = judged(with_rule(body), constraint())

    messages = [finding.message for finding in found.findings]
    assert found.state is State.FAIL
    for title in missing:
        assert [m for m in messages if f"{title} ({ALL_KINDS}): 0 violations, expected 1" in m]
    assert "stand in one rule body" in messages[0]


def test_a_limit_of_nothing() -> None:
    assert wrong(with_rule("not c.resources.limits.memory"), constraint()) == [
        f'limits.memory is "0", which is none ({ALL_KINDS}): 0 violations, expected 1'
    ]


def test_limits_of_any_kind_are_enough_for_a_policy_that_says_so() -> None:
    assert judged(with_rule("not c.resources.limits"), constraint()).state is State.PASS


def test_what_parameters_list_has_to_be_required() -> None:
    program = RESOURCES.replace('{"limits", "requests"}', '{"limits"}')

    assert wrong(template(program), constraint(MEMORY)) == [
        f"requests.cpu missing ({ALL_KINDS}): 0 violations, expected 1",
        f'requests.cpu is "0", which is none ({ALL_KINDS}): 0 violations, expected 1',
        f"requests.memory missing ({ALL_KINDS}): 0 violations, expected 1",
        f'requests.memory is "0", which is none ({ALL_KINDS}): 0 violations, expected 1',
        f"requests missing ({ALL_KINDS}): 0 violations, expected 1",
    ]


def test_a_cron_job_that_the_match_names_and_the_program_does_not_read() -> None:
    jobs = {"apiGroups": ["batch"], "kinds": ["Job", "CronJob"]}

    assert wrong(template(RESOURCES), constraint(MEMORY, APPS, ROLLOUTS, jobs)) == [
        "resources missing (CronJob): 0 violations, expected 1"
    ]


MAXIMA = """
package acme
import data.lib.amounts

violation[{"msg": msg}] {
  container := input.review.object.spec.containers[_]
  resource := {"cpu", "memory"}[_]
  not container.resources.limits[resource]
  msg := sprintf("container <%v> has no %v limit", [container.name, resource])
}

violation[{"msg": msg}] {
  container := input.review.object.spec.containers[_]
  found := amounts.bytes(container.resources.limits.memory)
  not within(found)
  msg := sprintf("container <%v> may use %v", [container.name, found])
}

within(found) { found > 0; found <= amounts.bytes(input.parameters.memory) }
"""
LIB = """
package lib.amounts
bytes(text) = found { found := units.parse_bytes(text) }
"""


def test_a_policy_of_the_older_rego_with_a_library_and_maxima() -> None:
    program = template(rego=MAXIMA.strip(), libs=[LIB.strip()])

    found = wrong(program, constraint({"cpu": "200m", "memory": "64Mi"}, PODS))

    assert found == ['limits.cpu is "0", which is none (Pod): 0 violations, expected 1']


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (
            {"rego": PROBES + "\nothers { data.inventory.namespace[_] }"},
            "it looks at other objects",
        ),
        (
            {"rego": PROBES + '\nasked := external_data({"provider": "p", "keys": []})'},
            "external data provider",
        ),
        ({"rego": "package acme\nviolation[{"}, "expecting expression"),
        (
            {"rego": RESOURCES.replace("regex.match", "json.patch")},
            "json.patch",
        ),
    ],
)
def test_what_cannot_be_tried(target: dict[str, Any], reason: str) -> None:
    found = judged(template(**target), constraint(BOTH | MEMORY))

    assert found.state is State.NO_DATA
    assert "cannot be tried" in found.summary
    assert reason in found.summary


@pytest.mark.parametrize(
    ("expression", "state"),
    [
        ("has(c.readinessProbe) || has(c.livenessProbe)", State.FAIL),
        (
            "[c.?readinessProbe, c.?livenessProbe].all(p, p.?httpGet.hasValue())",
            State.WARN,
        ),
    ],
)
def test_a_policy_in_cel_is_tried_too(expression: str, state: State) -> None:
    containers = "object.spec.?template.spec.containers.orValue([])"
    source = {
        "validations": [{"expression": f"{containers}.all(c, {expression})", "message": "no"}]
    }
    program = template(code=[{"engine": "K8sNativeValidation", "source": source}])

    assert judged(program, constraint()).state is state


def test_a_policy_about_labels_is_not_tried() -> None:
    program = with_rule("not input.review.object.metadata.labels.team")

    assert judged(program, constraint()).state is State.NOT_APPLICABLE


def test_a_template_alone_is_tried_where_it_needs_no_parameters() -> None:
    found = judged(with_rule("not c.readinessProbe\n  not c.livenessProbe"))

    assert found.state is State.FAIL
    assert found.findings[0].message.startswith("ConstraintTemplate/acme: readiness probe missing")
    assert judged(template(PROBES)).state is State.NOT_APPLICABLE


@pytest.mark.parametrize(
    "match",
    [
        {"namespaces": ["shop-*"], "excludedNamespaces": ["shop-payments-eu"]},
        {"excludedNamespaces": ["payments", "checkout"]},
        {"labelSelector": {"matchLabels": {"tier": "front"}}},
        {"labelSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}},
        {"namespaceSelector": {"matchLabels": {"services": "yes"}}},
        {
            "namespaceSelector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["eu"]}
                ]
            }
        },
        {"name": "web-*"},
        {"scope": "Namespaced"},
    ],
)
def test_objects_are_made_where_the_match_looks(match: dict[str, Any]) -> None:
    program = with_rule("not c.readinessProbe\n  not c.livenessProbe")
    found = judged(program, constraint(match={"kinds": [APPS, ROLLOUTS], **match}))

    assert found.state is State.FAIL
    assert "readiness probe missing" in found.summary


def test_a_policy_without_end_costs_a_moment() -> None:
    loop = "numbers.range(1, 900000000)[_] > 900000001"

    found = judged(with_rule(f"not c.livenessProbe\n  {loop}"), constraint())

    assert found.state is State.NO_DATA
    assert "cannot be tried" in found.summary


def test_a_policy_that_wants_no_limit_on_cpu() -> None:
    found = judged(
        template(
            "package acme\n"
            f'violation[{{"msg": "cpu"}}] {{ {CONTAINERS}.resources.limits.cpu }}\n'
            f'violation[{{"msg": "memory"}}] {{ c := {CONTAINERS}; not bounded(c) }}\n'
            "bounded(c) { units.parse_bytes(c.resources.limits.memory) > 0 }"
        ),
        constraint(),
    )

    assert found.state is State.PASS, found


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        ({"scope": "Cluster"}, "looks at no workload, because its match says scope: Cluster"),
        ({"source": "Generated"}, "looks at no workload, because its match says source: Generated"),
    ],
)
def test_a_match_that_covers_no_workload(match: dict[str, Any], reason: str) -> None:
    used = constraint(BOTH, match={"kinds": [APPS, ROLLOUTS], **match})

    assert judged(template(PROBES), used, check="GK-04").summary == f"Acme/acme {reason}"


def test_a_policy_that_refuses_everything_cannot_be_tried() -> None:
    found = judged(
        with_rule("not c.livenesProbe; c.livenessProbe == c.livenessProbe"), constraint()
    )

    assert found.state is State.NO_DATA, found
    assert "it refuses whatever it is shown" in found.summary
