"""Holding a report against a baseline: what was there then fails nothing, what is new does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from flagstone.scorecards.engine.reporting.fingerprints import fingerprints, kind_of
from flagstone.scorecards.engine.reporting.report import (
    BaselineEntry,
    CheckReport,
    Comparison,
    Finding,
    Report,
)
from flagstone.scorecards.engine.states import State

_Key = tuple[str, str]


def entries_of(report: Report) -> list[BaselineEntry]:
    """What a baseline of this report holds: every finding of a failing check, once, in order."""
    return sorted(_failures(report).values())


def compare(
    report: Report, baseline: Iterable[BaselineEntry], *, exists: Callable[[str], bool]
) -> Report:
    """Return the report with the findings marked that a baseline knows.

    Args:
        report: what was found now.
        baseline: what was found then.
        exists: whether a file is still there; a finding may only have moved out of one that is not.
    """
    then = {_key(entry): entry for entry in baseline}
    now = _failures(report)
    moved = _moved(then, now, exists)
    known = (then.keys() & now.keys()) | moved.keys()
    gone = [then[key] for key in then.keys() - now.keys() - set(moved.values())]
    unsure = {
        check.id
        for service in report.services
        for check in service.in_state(State.NO_DATA, State.ERROR)
    }
    return replace(
        report,
        services=tuple(
            replace(service, checks=tuple(_marked(check, known) for check in service.checks))
            for service in report.services
        ),
        baseline=Comparison(
            known=len(known),
            new=len(now.keys() - known),
            gone=tuple(sorted(entry for entry in gone if entry.check not in unsure)),
            undecided=sum(entry.check in unsure for entry in gone),
        ),
    )


def _moved(
    then: dict[_Key, BaselineEntry], now: dict[_Key, BaselineEntry], exists: Callable[[str], bool]
) -> dict[_Key, _Key]:
    """Findings of now by what they were then, in a file that is not there any more.

    First those of one fingerprint; then those without an object, by their check and their words.
    """
    found: dict[_Key, _Key] = {}
    for mark in (_fingerprint, _words):
        left: dict[tuple[str, ...], list[_Key]] = {}
        for key in sorted(then.keys() - now.keys() - set(found.values()), reverse=True):
            same = mark(then[key])
            if same and not exists(then[key].path):
                left.setdefault(same, []).append(key)
        for key in sorted(now.keys() - then.keys() - found.keys()):
            if waiting := left.get(mark(now[key])):
                found[key] = waiting.pop()
    return found


def _fingerprint(entry: BaselineEntry) -> tuple[str, ...]:
    return (entry.fingerprint,)


def _words(entry: BaselineEntry) -> tuple[str, ...]:
    """What a finding about a file says, whatever the file is called."""
    if entry.object:
        return ()
    name = entry.path.rpartition("/")[2]
    return entry.check, kind_of(entry.message.replace(entry.path, "").replace(name, ""))


def _failures(report: Report) -> dict[_Key, BaselineEntry]:
    """Each finding once, although services may share an object."""
    found: dict[_Key, BaselineEntry] = {}
    for service in report.services:
        for check in service.in_state(State.FAIL):
            for finding, mark in zip(check.findings, fingerprints(check), strict=True):
                entry = _entry(check.id, finding, mark)
                found.setdefault(_key(entry), entry)
    return found


def _entry(check: str, finding: Finding, mark: str) -> BaselineEntry:
    return BaselineEntry(
        path=finding.path,
        object=finding.object,
        check=check,
        container=finding.container,
        place=finding.place,
        fingerprint=mark,
        message=finding.message,
    )


def _key(entry: BaselineEntry) -> _Key:
    return entry.fingerprint, entry.path


def _marked(check: CheckReport, known: Collection[_Key]) -> CheckReport:
    if check.state is not State.FAIL:
        return check
    findings = tuple(
        replace(finding, known=True) if (mark, finding.path) in known else finding
        for finding, mark in zip(check.findings, fingerprints(check), strict=True)
    )
    return replace(check, findings=findings)
