"""The result of an evaluation, small and without references into the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from flagstone.policies.manifests.snapshot import Skipped
from flagstone.scorecards.engine.definition import Rule, Scorecard
from flagstone.scorecards.engine.states import Severity, State


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something is wrong.

    Attributes:
        path: the file.
        line: the line in it.
        object: the ref of the object; "" if it is about a file.
        container: its container, if the finding is about one.
        message: what is wrong.
        place: the key path inside the object, list items by their names, for fingerprints.
        known: the baseline has it, so it fails nothing.
        subject: what in a file without objects it is about, by a name, for fingerprints.
        severity: its own, where a check finds graver and lighter things; None: as the check.
        rendered_by: the folder of the overlay that makes it so, where the file stands elsewhere; "" if none does.
    """

    path: str
    line: int | None
    object: str
    container: str
    message: str
    place: str = ""
    known: bool = False
    subject: str = ""
    severity: Severity | None = None
    rendered_by: str = ""

    @property
    def place_text(self) -> str:
        """The file, its line, and the overlay that makes it so."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place} (as {self.rendered_by} renders it)" if self.rendered_by else place

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "line": self.line,
            "rendered_by": self.rendered_by,
            "object": self.object,
            "container": self.container,
            "message": self.message,
        }


class Standing(StrEnum):
    """What a waiver is worth: a lapsed one is past its date or says too little, and was needed."""

    IN_FORCE = "in_force"
    LAPSED = "lapsed"
    UNUSED = "unused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WaiverReport:
    """One waiver on one object.

    Attributes:
        check: the check that it names.
        standing: what it is worth.
        object: the ref of the object that it stands on, which is whose word it is.
        path: the file.
        line: the line of the annotation.
        reason: why, if it holds.
        until: the last day, if it holds.
        findings: how many findings it takes out.
        message: what is wrong with it; "" if nothing is.
    """

    check: str
    standing: Standing
    object: str
    path: str
    line: int | None
    reason: str
    until: date | None
    findings: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "standing": self.standing.value,
            "object": self.object,
            "path": self.path,
            "line": self.line,
            "reason": self.reason,
            "until": self.until.isoformat() if self.until else None,
            "findings": self.findings,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class WaivedFinding:
    """A finding that an object's annotation accepts; `by` is that object."""

    finding: Finding
    reason: str
    until: date | None
    by: str
    path: str
    line: int | None

    def as_dict(self) -> dict[str, Any]:
        return self.finding.as_dict() | {
            "reason": self.reason,
            "until": self.until.isoformat() if self.until else None,
            "by": self.by,
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One check of one service.

    Attributes:
        rule: the check and how it counts.
        state: its verdict.
        summary: the verdict in a sentence.
        findings: what is wrong and where; of an exempt check, what was accepted.
        waived: what annotations accept, whatever else is found.
        lapsed: it fails although a waiver names it, which is past its date or says too little.
    """

    rule: Rule
    state: State
    summary: str
    findings: tuple[Finding, ...] = ()
    waived: tuple[WaivedFinding, ...] = ()
    lapsed: bool = False

    @property
    def id(self) -> str:
        return self.rule.check.id

    @property
    def severity(self) -> Severity:
        """That of the gravest finding that the baseline does not know; the check's without any."""
        counted = [finding for finding in self.findings if not finding.known] or self.findings
        found = map(self.severity_of, counted)
        return max(
            found, key=lambda each: each.weight, default=self._raised(self.rule.check.severity)
        )

    def severity_of(self, finding: Finding) -> Severity:
        return self._raised(finding.severity or self.rule.check.severity)

    def _raised(self, severity: Severity) -> Severity:
        """Where a waiver lapsed, high at least."""
        return Severity.H if self.lapsed and not severity.at_least(Severity.H) else severity

    @property
    def is_known(self) -> bool:
        """Whether the baseline has all that is wrong."""
        return bool(self.findings) and all(finding.known for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.rule.check.name,
            "state": self.state.value,
            "severity": self.severity.value,
            "weight": self.rule.weight,
            "summary": self.summary,
            "remedy": self.rule.check.remedy,
            "findings": [
                finding.as_dict() | {"severity": self.severity_of(finding).value}
                for finding in self.findings
            ],
            "waived": [waived.as_dict() for waived in self.waived],
        }


@dataclass(frozen=True, slots=True)
class Sources:
    """What a service was read from.

    Attributes:
        folder: the folder that its catalogue entity claims; None without one.
        paths: the files of its own: objects, catalogue entity, artefacts, runbook.
        trees: folders of which everything is its own, such as a Terraform module's.
        origins: the folders of the kustomizations and charts that rendered some.
        namespaces: where its objects are.
        shared: files that other services are judged by as well, such as workflows.
    """

    folder: str | None = None
    paths: frozenset[str] = frozenset()
    trees: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """One service.

    Attributes:
        name: what people call it.
        ref: unique in the report.
        score: from 0 to 100; None when nothing applies to it, as of the next two.
        level: the highest that it reaches; None too if it reaches none.
        coverage: how much of the weight has data, from 0 to 1.
        checks: every check that was asked.
        waivers: those on its objects.
        sources: what it was read from, if that was asked for.
        shown_because: the changed file that it lives by, if none of its own changed.
        verdicts_differ: the checks that were decided otherwise before, if no changed file is the reason.
    """

    name: str
    ref: str
    score: int | None
    level: str | None
    coverage: float | None
    checks: tuple[CheckReport, ...]
    waivers: tuple[WaiverReport, ...] = ()
    sources: Sources = Sources()
    shown_because: str = ""
    verdicts_differ: tuple[str, ...] = ()

    def in_state(self, *states: State) -> tuple[CheckReport, ...]:
        return tuple(check for check in self.checks if check.state in states)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "ref": self.ref,
            "score": self.score,
            "level": self.level,
            "coverage": self.coverage,
            "checks": [check.as_dict() for check in self.checks],
            "waivers": [waiver.as_dict() for waiver in self.waivers],
        }


@dataclass(frozen=True, slots=True, order=True)
class BaselineEntry:
    """A finding that was there when the baseline was written."""

    path: str
    object: str
    check: str
    container: str
    place: str
    fingerprint: str
    message: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a report stands to a baseline.

    Attributes:
        known: findings of the baseline that are still there.
        new: findings that are not in it.
        gone: entries that do not occur any more.
        undecided: entries whose check cannot be decided now, so that nothing is said of them.
    """

    known: int
    new: int
    gone: tuple[BaselineEntry, ...]
    undecided: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Only what changed is shown.

    Attributes:
        revision: since when, as it was asked for.
        files: how many files changed in the folder that was scored.
        left_out: how many services the change does not touch.
        gone: the refs of services that were there before.
    """

    revision: str
    files: int
    left_out: int
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything.

    Attributes:
        scorecard: what was asked.
        files: how many were read.
        documents: how many stand in them.
        skipped: what could not be read.
        services: what was found.
        waivers: those on objects that belong to no service.
        baseline: how it stands to one, if one was given.
        scope: what is left of it, if only what changed is shown.
    """

    scorecard: Scorecard
    files: int
    documents: int
    skipped: tuple[Skipped, ...]
    services: tuple[ServiceReport, ...]
    waivers: tuple[WaiverReport, ...] = ()
    baseline: Comparison | None = None
    scope: Scope | None = None

    def fails_at(self, severity: Severity) -> bool:
        """Whether some check of at least that severity fails by more than the baseline knows."""
        return any(
            check.severity.at_least(severity) and not check.is_known
            for service in self.services
            for check in service.in_state(State.FAIL)
        )

    def as_dict(self, tool: dict[str, str]) -> dict[str, Any]:
        return {
            "tool": tool,
            "input": {
                "files": self.files,
                "documents": self.documents,
                "skipped": [{"path": s.path, "reason": s.reason} for s in self.skipped],
            },
            "services": [service.as_dict() for service in self.services],
            "waivers": [waiver.as_dict() for waiver in self.waivers],
        }
