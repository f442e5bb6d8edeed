"""The result of an evaluation, small and without references into the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.snapshot import Skipped
from flagstone.scorecards.engine.definition import Rule, Scorecard
from flagstone.scorecards.engine.states import Severity, State


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something is wrong; `place` is the key path inside the object, for fingerprints."""

    path: str
    line: int | None
    object: str
    container: str
    message: str
    place: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "line": self.line,
            "object": self.object,
            "container": self.container,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    rule: Rule
    state: State
    summary: str
    findings: tuple[Finding, ...] = ()

    @property
    def id(self) -> str:
        return self.rule.check.id

    @property
    def severity(self) -> Severity:
        return self.rule.check.severity

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.rule.check.name,
            "state": self.state.value,
            "severity": self.severity.value,
            "weight": self.rule.weight,
            "summary": self.summary,
            "remedy": self.rule.check.remedy,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """One service; `score`, `level` and `coverage` are None when nothing applies to it."""

    name: str
    ref: str
    score: int | None
    level: str | None
    coverage: float | None
    checks: tuple[CheckReport, ...]

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
        }


@dataclass(frozen=True, slots=True)
class Report:
    scorecard: Scorecard
    files: int
    documents: int
    skipped: tuple[Skipped, ...]
    services: tuple[ServiceReport, ...]

    def fails_at(self, severity: Severity) -> bool:
        """Whether some check of at least that severity fails."""
        return any(
            check.severity.at_least(severity)
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
        }
