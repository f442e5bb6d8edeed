"""The rules of the gate: policies on the manifests, required checks, pull-request size. Pure.

What each rule says when it has nothing to look at stands in `WITHOUT_DATA`: a verdict is never made of silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flagstone.gate.verdict import Decision, Reason
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Problem, Skipped
from flagstone.policies.manifests.workloads import template_problem
from flagstone.scorecards.engine.states import EFFECTS, State

# fail-open (go) or fail-closed (stop) by rule; slow warns and lets pass
WITHOUT_DATA: dict[str, Decision] = {
    "policy": Decision.GO,  # a request without manifests changes none
    "checks": Decision.SLOW,
    "pull_request": Decision.GO,  # not every call is about a pull request
}
NOTHING_JUDGED = "policy.nothing_judged"
SMALL, LARGE = 200, 400
SIZE_WAIVER = "size-approved"
_GATE = {"ok": Decision.GO, "warn": Decision.SLOW, "block": Decision.STOP}


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """What a required check says of the service now."""

    check_id: str
    name: str
    state: State
    summary: str


@dataclass(frozen=True, slots=True)
class PullRequestSize:
    """Lines changed without generated, vendored and lock files."""

    additions: int
    deletions: int
    labels: frozenset[str] = frozenset()
    approved: bool = False

    @property
    def lines(self) -> int:
        return self.additions + self.deletions


def policy_reasons(violations: Sequence[Violation], *, judged: int) -> list[Reason]:
    """Judge what the policies found: an enforced one stops, a warn-only one slows, a dry run is only told."""
    if not judged:
        return [
            Reason(
                code=NOTHING_JUDGED,
                state=Decision.SLOW,
                title="No Kubernetes object was among the manifests",
                detail="Send the rendered manifests themselves; links in an archive are not followed.",
            )
        ]
    if not violations:
        held = "1 object holds" if judged == 1 else f"{judged} objects hold"
        return [Reason("policy.holds", Decision.GO, f"{held} every policy", "")]
    states = {"deny": Decision.STOP, "warn": Decision.SLOW}
    return [
        Reason(
            code="policy.violated",
            state=states.get(violation.enforcement, Decision.GO),
            title=f"Policy {violation.constraint}",
            detail=f"{violation.manifest.path}: {violation.message}",
            required=violation.enforcement == "deny",
        )
        for violation in violations
    ]


def _lines(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'}"


def unreadable_reasons(problems: Sequence[Problem], skipped: Sequence[Skipped]) -> list[Reason]:
    """What could not be read was not judged: a manifest stops, another file warns."""
    broken = [
        Reason(
            code="policy.unreadable",
            state=Decision.STOP,
            title=f"{problem.path} cannot be read",
            detail=f"line {problem.line}: {problem.message}" if problem.line else problem.message,
        )
        for problem in problems
    ]
    named = {problem.path for problem in problems}
    return broken + [
        Reason(
            code="policy.unreadable" if _is_manifest(item.path) else "policy.no_data",
            state=Decision.STOP if _is_manifest(item.path) else Decision.SLOW,
            title=f"{item.path} was not read",
            detail=item.reason,
        )
        for item in skipped
        if item.path not in named
    ]


def workload_reasons(manifests: Iterable[Manifest]) -> list[Reason]:
    """A workload whose pods cannot be seen holds no policy, even if none is violated."""
    problems = ((manifest, template_problem(manifest)) for manifest in manifests)
    return [
        Reason(
            code="policy.unreadable",
            state=Decision.STOP,
            title=f"{manifest.ref} cannot be judged",
            detail=f"{manifest.path}: {problem}.",
        )
        for manifest, problem in problems
        if problem
    ]


def _is_manifest(path: str) -> bool:
    return path.lower().endswith((".yaml", ".yml", ".json"))


def broken_policy(detail: str) -> Reason:
    """A policy that cannot be evaluated has not been kept: it warns, and the platform team is named."""
    return Reason(
        code="policy.error",
        state=Decision.SLOW,
        title="A policy could not be evaluated",
        detail=f"{detail} The platform team has to mend it.",
        required=False,
    )


def check_reasons(checks: Sequence[RequiredCheck]) -> list[Reason]:
    """Judge the required checks by the one table of states; those that hold are one reason together."""
    if not checks:
        return [
            Reason(
                code="checks.no_data",
                state=WITHOUT_DATA["checks"],
                title="No required check has looked at this service yet",
                detail="It has no manifests in a GitOps repository that Flagstone reads, or was created a moment ago.",
            )
        ]
    bad = [check for check in checks if EFFECTS[check.state].gate != "ok"]
    if not bad:
        return [Reason("checks.hold", Decision.GO, f"All {len(checks)} required checks hold", "")]
    return [
        Reason(
            code=f"checks.{check.state.value}",
            state=_GATE[EFFECTS[check.state].gate],
            title=f"{check.check_id} {check.name}: {check.state.value.replace('_', ' ')}",
            detail=check.summary,
            check_id=check.check_id,
        )
        for check in bad
    ]


def size_reasons(size: PullRequestSize | None) -> list[Reason]:
    """Judge the size: under 200 lines go, to 400 slow, above stop unless labelled and approved."""
    if size is None:
        return []
    if size.lines < SMALL:
        return [
            Reason("pull_request.small", Decision.GO, f"{_lines(size.lines)}, under {SMALL}", "")
        ]
    title = f"{_lines(size.lines)} changed"
    advice = "Small changes are reviewed sooner and fail less: split it, a refactoring first and the change after."
    if size.lines <= LARGE:
        return [
            Reason(
                "pull_request.large",
                Decision.SLOW,
                title,
                f"{SMALL} to {LARGE} lines slow down. {advice}",
            )
        ]
    if SIZE_WAIVER in size.labels and size.approved:
        detail = f"Labelled {SIZE_WAIVER} and approved, so it may pass."
        return [Reason("pull_request.size_waived", Decision.SLOW, title, detail)]
    detail = f"Over {LARGE} lines stop. {advice} If it cannot be split: label it {SIZE_WAIVER} and have it approved."
    return [Reason("pull_request.too_large", Decision.STOP, title, detail)]
