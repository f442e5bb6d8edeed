"""Policies that others wrote: one that names no check of ours is a check by itself."""

from __future__ import annotations

from flagstone.policies.gatekeeper.errors import NotEvaluated
from flagstone.policies.gatekeeper.matching import UnknownNamespaceError, UnknownResourceError
from flagstone.policies.gatekeeper.policies import Policy
from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.definition import Rule, Scorecard
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.policy_checks import add_violation
from flagstone.scorecards.engine.registry import Check, NoParams
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.surroundings import Surroundings


def foreign_rules(surroundings: Surroundings, scorecard: Scorecard) -> list[Rule]:
    """One rule for each template that names no check, at the highest level."""
    by_name: dict[str, list[Policy]] = {}
    for policy in surroundings.verdicts.foreign:
        by_name.setdefault(policy.name, []).append(policy)
    level = scorecard.levels[-1].name
    return [
        Rule(check, level, check.severity.weight, NoParams())
        for check in (_check(name, policies) for name, policies in sorted(by_name.items()))
    ]


def _check(name: str, policies: list[Policy]) -> Check:
    enforced = any(policy.constraint.enforcement == "deny" for policy in policies)

    def judge(service: ServiceView, _params: NoParams) -> Outcome:
        findings = Findings()
        for manifest in service.manifests:
            _judge(service, manifest, name, policies, findings)
        return findings.verdict("the policy holds", nothing="the policy matches no object")

    return Check(
        id=name,
        name=f"The policy {name} holds",
        severity=Severity.H if enforced else Severity.M,
        rule="What the policy of that name asks.",
        why="The cluster has this policy and refuses, or warns, when it is broken.",
        remedy="Do what the policy's message asks for.",
        not_applicable="The policy matches no object of the service.",
        no_data="The policy needs what only the cluster has.",
        params=NoParams,
        policy=True,
        judge=judge,
    )


def _judge(
    service: ServiceView,
    manifest: Manifest,
    name: str,
    policies: list[Policy],
    findings: Findings,
) -> None:
    verdict = service.surroundings.verdicts.of(manifest)
    failure = verdict.failures.get(name)
    if isinstance(failure, NotEvaluated):
        findings.cannot_tell(failure.message, manifest)
        return
    if failure is not None:
        raise failure
    view = service.surroundings.cluster_view
    try:
        findings.judged += any(policy.match.applies(manifest, view) for policy in policies)
    except UnknownNamespaceError as unknown:
        findings.cannot_tell(f"the labels of namespace {unknown} are not known", manifest)
    except UnknownResourceError as unknown:
        findings.cannot_tell(str(unknown), manifest)
    for violation in verdict.by_policy.get(name, ()):
        add_violation(violation, findings)
