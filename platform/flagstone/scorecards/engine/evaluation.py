"""Holding every service of a snapshot against a scorecard."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from flagstone.core.forking import in_shares
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.scalars import resolve
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.schemas.schemas import Schemas
from flagstone.scorecards.engine import scoring
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.definition import Rule, Scorecard
from flagstone.scorecards.engine.foreign_policies import foreign_rules
from flagstone.scorecards.engine.measurements import Measurements
from flagstone.scorecards.engine.outcome import Fault, Outcome, summary_of
from flagstone.scorecards.engine.reporting.fingerprints import named_place
from flagstone.scorecards.engine.reporting.report import (
    CheckReport,
    Finding,
    Report,
    ServiceReport,
    Sources,
)
from flagstone.scorecards.engine.reporting.waivers import Exemption
from flagstone.scorecards.engine.reporting.waiving import Verdict, Waivers
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity, State
from flagstone.scorecards.engine.subjects.grouping import find_services
from flagstone.scorecards.engine.subjects.judged_files import judged_files
from flagstone.scorecards.engine.surroundings import Surroundings

logger = logging.getLogger(__name__)

_NO_LEVELS: Mapping[str, str] = MappingProxyType({})
_UNTOUCHED = (State.PASS, State.NOT_APPLICABLE)  # by waivers and exemptions; most verdicts are
_NOT_GOOD = (State.FAIL, State.WARN, State.NO_DATA)
_WORTH_A_PROCESS = 20  # services: judging fewer is done before a process has sent its part


def evaluate(  # noqa: PLR0913 one keyword for each thing that an evaluation may know
    snapshot: Snapshot,
    scorecard: Scorecard,
    policies: PolicySet,
    *,
    now: datetime,
    exemptions: Iterable[Exemption] = (),
    last_levels: Mapping[str, str] = _NO_LEVELS,
    schemas: Schemas | None = None,
    measured: Mapping[str, Measurements] | None = None,
    processes: int = 1,
    with_sources: bool = False,
) -> Report:
    """Score every service that is found in a snapshot.

    Args:
        snapshot: the files of a GitOps repository.
        scorecard: the checks, their levels and weights.
        policies: the Gatekeeper policies that decide the checks of single objects.
        now: the moment of the evaluation, for dates in waivers, scorecards and runbooks.
        exemptions: approved exemptions; those past their date are ignored.
        last_levels: the level each service had before, by its ref, for checks that break.
        schemas: those of the objects' kinds; if none, the CRDs of the snapshot itself.
        measured: what was measured of each service, by its ref in lower case; None where nothing is.
        processes: how many may judge at once.
        with_sources: tell of each service what it was read from.
    """
    surroundings = Surroundings(snapshot, policies, now, schemas=schemas, measured=measured)
    rules = (*scorecard.rules, *foreign_rules(surroundings, scorecard))
    by_check: dict[str, list[Exemption]] = {}
    for exemption in exemptions:
        by_check.setdefault(exemption.check, []).append(exemption)
    today = now.date()
    services = find_services(surroundings)
    surroundings.services = tuple(services)
    asked = {rule.check.id for rule in rules}
    waivers = Waivers(
        snapshot.manifests,
        services,
        checks=asked,
        known=asked | {check.id for check in REGISTRY},
        today=today,
    )

    def judge(share: list[ServiceView]) -> list[list[Verdict]]:
        found = []
        shared: dict[Verdict, Verdict] = {}
        surroundings.verdicts.expect([m for service in share for m in service.manifests])
        for service in share:
            found.append(
                [
                    _one_of(
                        shared,
                        _judge(service, rule, waivers, by_check.get(rule.check.id, ()), today),
                    )
                    for rule in rules
                ]
            )
            service.forget()
        return found

    if processes > 1:
        surroundings.prepare(rule.check.id for rule in rules)
    verdicts = in_shares(judge, services, processes=processes, least=_WORTH_A_PROCESS)
    scored = []
    written: dict[Verdict, CheckReport] = {}
    for service, found in zip(services, verdicts, strict=True):
        waivers.note(service, found)
        checks = tuple(
            _report(written, waivers, rule, verdict)
            for rule, verdict in zip(rules, found, strict=True)
        )
        sources = judged_files(service) if with_sources else Sources()
        scored.append(_score(service, scorecard, checks, last_levels.get(service.ref), sources))
    return Report(
        scorecard=scorecard,
        files=len(snapshot.files),
        documents=snapshot.documents,
        skipped=snapshot.skipped,
        services=tuple(_with_waivers(scored, services, waivers)),
        waivers=waivers.of_nobody(services),
    )


def _with_waivers(
    reports: Iterable[ServiceReport], views: Iterable[ServiceView], waivers: Waivers
) -> Iterator[ServiceReport]:
    """What a waiver is worth is known when every service was judged: several may share an object."""
    for report, view in zip(reports, views, strict=True):
        found = waivers.of_service(view)
        yield replace(report, waivers=found) if found else report


def _score(
    service: ServiceView,
    scorecard: Scorecard,
    checks: tuple[CheckReport, ...],
    last_level: str | None,
    sources: Sources,
) -> ServiceReport:
    ranks = {level.name: rank for rank, level in enumerate(scorecard.levels)}
    marks = [scoring.Mark(c.state, c.rule.weight, ranks[c.rule.level]) for c in checks]
    last = None if last_level is None else ranks.get(last_level)
    rank = scoring.level(marks, len(ranks), last)
    return ServiceReport(
        name=service.name,
        ref=service.ref,
        score=scoring.score(marks),
        level=None if rank is None else scorecard.levels[rank].name,
        coverage=scoring.coverage(marks),
        checks=checks,
        sources=sources,
    )


def _one_of(shared: dict[Verdict, Verdict], verdict: Verdict) -> Verdict:
    """The same object for the same words: most services have most verdicts in common."""
    return verdict if verdict.findings else shared.setdefault(verdict, verdict)


def _report(
    written: dict[Verdict, CheckReport], waivers: Waivers, rule: Rule, verdict: Verdict
) -> CheckReport:
    if verdict.findings or verdict.accepted:
        return waivers.report(rule, verdict)
    if verdict not in written:
        written[verdict] = waivers.report(rule, verdict)
    return written[verdict]


def _judge(
    service: ServiceView,
    rule: Rule,
    waivers: Waivers,
    exemptions: Iterable[Exemption],
    today: date,
) -> Verdict:
    outcome = _without_guesses(_ask(service, rule), service)
    if outcome.state in _UNTOUCHED and rule.enforced_from is None and not outcome.faults:
        return Verdict(rule.check.id, outcome.state, outcome.summary, (), (), ())
    waived = waivers.apply(outcome, service, rule.check.id)
    outcome = waived.outcome
    if outcome.state in _NOT_GOOD:
        outcome = _with_exemptions(outcome, service, rule.check.id, exemptions, today)
    starts = rule.enforced_from
    if starts is not None and today < starts and outcome.state is not State.NOT_APPLICABLE:
        outcome = replace(
            outcome, state=State.UPCOMING, summary=f"counts from {starts} on: {outcome.summary}"
        )
    fails = outcome.faults if outcome.state is State.FAIL else ()
    return Verdict(
        check=rule.check.id,
        state=outcome.state,
        summary=outcome.summary,
        findings=tuple(map(_finding, outcome.faults)),
        accepted=tuple((_finding(fault), number) for fault, number in waived.accepted),
        lapsed=tuple(number for fault, number in waived.lapsed if fault in fails),
    )


def _ask(service: ServiceView, rule: Rule) -> Outcome:
    """Put the question; a check that breaks is one broken check, never a broken evaluation."""
    try:
        return _gravest_first(rule.check(service, rule.params), rule.check.severity)
    except PolicyError as error:
        return Outcome(State.ERROR, f"a policy is broken: {error.message}")
    except Exception as error:
        logger.exception("check %s broke on %s", rule.check.id, service.ref)
        return Outcome(State.ERROR, f"the check itself broke: {type(error).__name__}: {error}")


def _gravest_first(outcome: Outcome, usual: Severity) -> Outcome:
    """A failure names first what is gravest of what it found."""
    if all(fault.severity in {None, usual} for fault in outcome.faults):
        return outcome
    faults = sorted(outcome.faults, key=lambda fault: -(fault.severity or usual).weight)
    return replace(outcome, faults=tuple(faults), summary=summary_of(faults))


def _without_guesses(outcome: Outcome, service: ServiceView) -> Outcome:
    """Where part of a service is not in view, what is not there may be in that part."""
    if not service.incomplete:
        return outcome
    if outcome.state is State.NOT_APPLICABLE and not outcome.certain:
        return Outcome(State.NO_DATA, service.incomplete)
    if outcome.state is State.FAIL:
        seen = tuple(fault for fault in outcome.faults if not fault.absent)
        if not seen:
            return Outcome(State.NO_DATA, service.incomplete)
        return replace(outcome, faults=seen, summary=summary_of(seen))
    return outcome


def _with_exemptions(
    outcome: Outcome,
    service: ServiceView,
    check: str,
    exemptions: Iterable[Exemption],
    today: date,
) -> Outcome:
    """Apply approved exemptions: of the service, or of each object that is at fault."""
    exemptions = [e for e in exemptions if e.covers(check, service.ref, today)]
    whole = next((e for e in exemptions if not e.object), None)
    if whole is not None:
        return replace(outcome, state=State.EXEMPT, summary=_exempt([whole]))
    objects = {exemption.object: exemption for exemption in exemptions}
    left = tuple(fault for fault in outcome.faults if _object(fault) not in objects)
    if outcome.faults and not left:
        used = [objects[_object(fault)] for fault in outcome.faults]
        return replace(outcome, state=State.EXEMPT, summary=_exempt(used))
    if left != outcome.faults:
        return replace(outcome, faults=left, summary=summary_of(left))
    return outcome


def _exempt(exemptions: Iterable[Exemption]) -> str:
    reasons = dict.fromkeys(
        f"{exemption.reason} (until {exemption.until})" for exemption in exemptions
    )
    return f"exempt: {'; '.join(reasons)}"


def _object(fault: Fault) -> str:
    return fault.about or (fault.manifest.ref if fault.manifest else "")


def _finding(fault: Fault) -> Finding:
    manifest = fault.manifest
    return Finding(
        path=manifest.path if manifest else fault.path,
        line=_line(manifest, fault) if manifest else fault.line,
        object=_object(fault),
        container=fault.container,
        message=fault.message,
        place=named_place(manifest.raw if manifest else None, fault.keys),
        subject=fault.subject,
        severity=fault.severity,
        rendered_by=manifest.rendered_by if manifest else "",
    )


def _line(manifest: Manifest, fault: Fault) -> int | None:
    """The line of what is wrong, unless an overlay has put another value there than the line shows."""
    written = manifest.written(*fault.keys) if manifest.rendered_by else None
    is_patched = written is not None and resolve(written) != manifest.at(*fault.keys)
    return None if is_patched else manifest.line(*fault.keys)
