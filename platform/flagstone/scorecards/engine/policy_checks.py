"""Checks that the Gatekeeper policies decide: their violations, for the objects that they concern."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flagstone.policies.gatekeeper.errors import NotEvaluated
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.manifests.objects import Manifest, sequence
from flagstone.policies.manifests.workloads import template_problem
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome, no_data
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView


def judge_objects(
    service: ServiceView,
    check: str,
    manifests: Iterable[Manifest],
    *,
    good: str,
    nothing: str,
    found: Findings | None = None,
) -> Outcome:
    """Decide a check for some objects.

    Args:
        service: whose check it is.
        check: its id.
        manifests: the objects that it concerns.
        good: what to say when it passes.
        nothing: why it does not apply when there is no such object.
        found: what was seen besides the policies.
    """
    findings = found or Findings()
    for manifest in manifests:
        judge_object(service, check, manifest, findings)
    return _decide(service, check, findings, good=good, nothing=nothing)


def judge_pods(
    service: ServiceView, check: str, workloads: Iterable[Workload], *, good: str, nothing: str
) -> Outcome:
    """Decide a check for the pod templates of some workloads, borrowed ones too."""
    findings = Findings()
    for workload in workloads:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        elif problem := template_problem(workload.template_holder):
            findings.fault(problem, workload.template_holder, "spec")
        elif workload.pod:
            about = "" if workload.pod.holder is workload.manifest else workload.manifest.ref
            judge_object(service, check, workload.pod.holder, findings, about=about)
    return _decide(service, check, findings, good=good, nothing=nothing)


def judge_object(
    service: ServiceView, check: str, manifest: Manifest, findings: Findings, about: str = ""
) -> None:
    """Add what the policies hold against one object.

    Raises:
        PolicyError: a policy of this check is broken.
    """
    verdicts = service.surroundings.verdicts
    failure = verdicts.failure(check, manifest)
    if isinstance(failure, NotEvaluated):
        findings.cannot_tell(failure.message, manifest)
    elif failure is not None:
        raise failure
    findings.judged += 1
    for violation in verdicts.of(manifest).by_check.get(check, ()):
        add_violation(violation, findings, about)


def add_violation(violation: Violation, findings: Findings, about: str = "") -> None:
    """A policy that is not enforced yet (warn, dryrun) warns."""
    details = violation.details
    keys = tuple(key for key in sequence(details.get("path")) if isinstance(key, str | int))
    container, severity = details.get("container"), details.get("severity")
    fault = Fault(
        message=violation.message,
        manifest=violation.manifest,
        keys=keys,
        container=container if isinstance(container, str) else "",
        about=about,
        severity=Severity.called(severity) if isinstance(severity, str) else None,
    )
    (findings.faults if violation.enforcement == "deny" else findings.close).append(fault)


def _decide(
    service: ServiceView, check: str, findings: Findings, *, good: str, nothing: str
) -> Outcome:
    verdicts = service.surroundings.verdicts
    if findings.judged and not verdicts.covers(check):
        if verdicts.broken:
            raise verdicts.broken[0]
        return no_data(
            f"no policy reports {check}: the policies must hold one whose violations carry "
            f'details.check = "{check}"'
        )
    return findings.verdict(good, nothing=nothing)
