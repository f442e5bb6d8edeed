"""The waivers of one evaluation: what each takes out, which ran out, and which wait for nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.definition import Rule
from flagstone.scorecards.engine.near_checks import near_checks
from flagstone.scorecards.engine.outcome import Fault, Outcome, summary_of
from flagstone.scorecards.engine.reporting.report import (
    CheckReport,
    Finding,
    Standing,
    WaivedFinding,
    WaiverReport,
)
from flagstone.scorecards.engine.reporting.waivers import (
    Annotation,
    InvalidWaiver,
    Waiver,
    annotations_of,
    read_waiver,
)
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import State
from flagstone.scorecards.engine.subjects.catalogue import is_component

_UNDECIDED = frozenset({State.WARN, State.NO_DATA, State.ERROR, State.UPCOMING})


@dataclass(eq=False, slots=True)
class Given:
    """One waiver on one object, and what became of it so far.

    Attributes:
        manifest: the object that it stands on.
        annotation: where and for which check.
        word: what it says.
        waived: the findings that it took out; services that share an object find the same.
        lapsed: it names a check that fails where it should have helped.
        undecided: whether it is needed cannot be said yet.
    """

    manifest: Manifest
    annotation: Annotation
    word: Waiver | InvalidWaiver
    waived: set[Finding] = field(default_factory=set)
    lapsed: bool = False
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Waived:
    """An outcome after the waivers, which go by their numbers.

    Attributes:
        outcome: what is left of it.
        accepted: the faults that are waived, each with its waiver.
        lapsed: the faults that stay, because the waiver is past its date or says too little.
    """

    outcome: Outcome
    accepted: tuple[tuple[Fault, int], ...] = ()
    lapsed: tuple[tuple[Fault, int], ...] = ()


class Verdict(NamedTuple):
    """A check's report without its rule, which holds functions and stays in its process.

    Attributes:
        check: its id.
        state: what it comes to.
        summary: the same in a sentence.
        findings: what is wrong.
        accepted: what is waived, each with the number of its waiver.
        lapsed: the numbers of waivers that should have helped.
    """

    check: str
    state: State
    summary: str
    findings: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, int], ...]
    lapsed: tuple[int, ...]


class Waivers:
    """All of them, numbered: services are judged in several processes, which only tell numbers.

    Args:
        manifests: every object that was read.
        services: those whose catalogue entities may waive too.
        checks: the ids that the scorecard asks.
        known: every id that there is.
        today: the day that the dates are held against.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest],
        services: Iterable[ServiceView],
        *,
        checks: Collection[str],
        known: Collection[str],
        today: date,
    ) -> None:
        self._checks = {check.lower() for check in checks}
        self._known = {check.lower(): check for check in known}
        self._all: list[Given] = []
        self._on: dict[Manifest, dict[str, int]] = {}
        for manifest in manifests:
            # a catalogue entity is read once more for its service, and asked there
            if manifest.unrendered_reason is None and not is_component(manifest):
                self._read(manifest, today)
        for service in services:
            if service.component is not None:
                self._read(service.component, today)

    def _read(self, manifest: Manifest, today: date) -> None:
        for annotation in annotations_of(manifest):
            given = Given(manifest, annotation, read_waiver(annotation.value, today))
            own = self._on.setdefault(manifest, {})
            number = own.setdefault(annotation.check.lower(), len(self._all))
            if number == len(self._all):
                self._all.append(given)
            elif isinstance(self._all[number].word, InvalidWaiver):
                self._all[number] = given

    def apply(self, outcome: Outcome, service: ServiceView, check: str) -> Waived:
        """Take out of a failure what is waived, and say of the rest which waivers do not hold."""
        if outcome.state is not State.FAIL or not self._on:
            return Waived(outcome)
        accepted: list[tuple[Fault, int]] = []
        lapsed: list[tuple[Fault, int]] = []
        left: list[Fault] = []
        words: dict[Waiver, None] = {}
        for fault in outcome.faults:
            number = self._for(fault, service, check)
            word = None if number is None else self._all[number].word
            if number is None or word is None:
                left.append(fault)
            elif isinstance(word, Waiver):
                words[word] = None
                accepted.append((fault, number))
            else:
                told = replace(fault, message=f"{fault.message} ({word.problem})")
                lapsed.append((told, number))
                left.append(told)
        if left:
            outcome = replace(outcome, faults=tuple(left), summary=summary_of(left))
        else:
            reasons = [f"{word.reason} (until {word.until})" for word in words]
            faults = tuple(fault for fault, _ in accepted)
            outcome = Outcome(State.EXEMPT, f"waived: {'; '.join(reasons)}", faults)
        return Waived(outcome, tuple(accepted), tuple(lapsed))

    def _for(self, fault: Fault, service: ServiceView, check: str) -> int | None:
        """The waiver of the object, of the workload that borrows it, or of the whole service."""
        found = [self._on.get(holder, {}).get(check.lower()) for holder in _holders(fault, service)]
        given = [number for number in found if number is not None]
        valid = (number for number in given if isinstance(self._all[number].word, Waiver))
        return next(valid, given[0] if given else None)

    def note(self, service: ServiceView, verdicts: Iterable[Verdict]) -> None:
        """Note what became of the waivers in one service."""
        undecided = set()
        for verdict in verdicts:
            for finding, number in verdict.accepted:
                self._all[number].waived.add(finding)
            for number in verdict.lapsed:
                self._all[number].lapsed = True
            if verdict.state in _UNDECIDED:
                undecided.add(verdict.check.lower())
        for given in self._of(service):
            given.undecided |= given.annotation.check.lower() in undecided

    def report(self, rule: Rule, verdict: Verdict) -> CheckReport:
        """Write a verdict out, with the words of the waivers."""
        _, state, summary, findings, accepted, lapsed = verdict
        waived = [_waived_finding(finding, self._all[number]) for finding, number in accepted]
        return CheckReport(rule, state, summary, findings, tuple(waived), bool(lapsed))

    def of_service(self, service: ServiceView) -> tuple[WaiverReport, ...]:
        """What became of the waivers on a service's objects, once every service was judged."""
        return tuple(self._report(given) for given in self._of(service))

    def of_nobody(self, services: Iterable[ServiceView]) -> tuple[WaiverReport, ...]:
        """The waivers on objects that belong to no service."""
        if not self._on:
            return ()
        owned = {given for service in services for given in self._of(service)}
        return tuple(self._report(given) for given in self._all if given not in owned)

    def _of(self, service: ServiceView) -> list[Given]:
        if not self._on:
            return []
        holders = [*service.manifests, *([service.component] if service.component else [])]
        numbers = (number for holder in holders for number in self._on.get(holder, {}).values())
        return [self._all[number] for number in numbers]

    def _report(self, given: Given) -> WaiverReport:
        word, spelled = given.word, given.annotation.check
        standing, message = self._standing(given)
        return WaiverReport(
            check=self._known.get(spelled.lower(), spelled),
            standing=standing,
            object=given.manifest.ref,
            path=given.manifest.path,
            line=given.manifest.line(*given.annotation.keys),
            reason=word.reason if isinstance(word, Waiver) else "",
            until=word.until if isinstance(word, Waiver) else None,
            findings=len(given.waived),
            message=message,
        )

    def _standing(self, given: Given) -> tuple[Standing, str]:
        spelled, word = given.annotation.check, given.word
        if spelled.lower() not in self._known:
            near = near_checks(spelled, self._known.values())
            hint = f"; {near}" if near else ""
            return Standing.UNKNOWN, f"there is no check {spelled!r}{hint}"
        if spelled.lower() not in self._checks:
            return Standing.UNKNOWN, "this scorecard does not ask that check"
        if isinstance(word, InvalidWaiver):
            if given.lapsed:
                return Standing.LAPSED, word.problem
            return Standing.UNUSED, f"{word.problem}; nothing needs it now, so take it out"
        if given.waived:
            return Standing.IN_FORCE, ""
        if given.undecided:
            return Standing.IN_FORCE, "whether it is needed cannot be said yet"
        return Standing.UNUSED, "it waives nothing: the check finds no fault here, so take it out"


def _waived_finding(finding: Finding, given: Given) -> WaivedFinding:
    word, holder = given.word, given.manifest
    return WaivedFinding(
        finding=finding,
        reason=word.reason if isinstance(word, Waiver) else "",
        until=word.until if isinstance(word, Waiver) else None,
        by=holder.ref,
        path=holder.path,
        line=holder.line(*given.annotation.keys),
    )


def _holders(fault: Fault, service: ServiceView) -> list[Manifest]:
    holders = [fault.manifest] if fault.manifest else []
    workloads = [workload.manifest for workload in service.workloads]
    holders += [own for own in workloads if fault.about == own.ref]
    if service.component is not None:
        holders.append(service.component)
    elif fault.manifest is None:  # a fault of a file: without an entity the workload is the service
        holders += workloads
    return holders
