"""What policies and scorecard say of a service that is to be, in the few words that its preview shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flagstone.gate.previews import Forecast, PolicyVerdict
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.scorecards.engine.states import State
from flagstone.web.presentation import look_of

# of the checks that it would not pass, how many are listed without asking
SHOWN_FIRST = 4
_BAD = (State.FAIL, State.ERROR, State.NO_DATA, State.WARN)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to see in a file; `source` is the check or policy that says so."""

    state: str
    line: int | None
    message: str
    source: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check that the service would not pass."""

    id: str
    name: str
    state: str
    summary: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Policy:
    title: str
    state: str
    judged: int
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything beside the files.

    Args:
        score: None when nothing of the scorecard applies.
        level: Name of the level it would start on; empty for none.
        counts: In words, how many checks are in which state.
        attention: The checks it would not pass, the worst first.
        policies: Those that are not held first.
        obstacle: Why it cannot be created like this; empty when it can.
        findings: By the path of a file of the GitOps repository.
    """

    score: int | None
    level: str
    counts: str
    attention: tuple[Check, ...]
    policies: tuple[Policy, ...]
    obstacle: str
    findings: Mapping[str, tuple[Finding, ...]]

    @property
    def first(self) -> tuple[Check, ...]:
        return self.attention[:SHOWN_FIRST]

    @property
    def more(self) -> tuple[Check, ...]:
        return self.attention[SHOWN_FIRST:]

    @property
    def broken(self) -> tuple[Policy, ...]:
        return tuple(policy for policy in self.policies if policy.messages)

    @property
    def held(self) -> tuple[Policy, ...]:
        return tuple(policy for policy in self.policies if not policy.messages)


def verdict_of(forecast: Forecast) -> Verdict:
    """Shorten a forecast to what its page shows."""
    report = forecast.report
    checks = report.checks if report else ()
    bad = sorted(
        (check for check in checks if check.state in _BAD),
        key=lambda check: (_BAD.index(check.state), -check.rule.weight, check.id),
    )
    policies = [_policy(verdict) for verdict in forecast.policies]
    return Verdict(
        score=report.score if report else None,
        level=forecast.level.name,
        counts=_counted(Counter(check.state.value for check in checks)),
        attention=tuple(
            Check(c.id, c.rule.check.name, c.state.value, c.summary, c.rule.check.remedy)
            for c in bad
        ),
        policies=tuple(sorted(policies, key=lambda policy: not policy.messages)),
        obstacle=_obstacle(forecast),
        findings=_findings(forecast),
    )


def _policy(verdict: PolicyVerdict) -> Policy:
    messages = (violation.message for violation in verdict.violations)
    return Policy(
        verdict.title, verdict.state.value, verdict.judged, (*messages, *verdict.failures)
    )


def _obstacle(forecast: Forecast) -> str:
    titles = [verdict.title for verdict in forecast.policies if verdict.state is State.FAIL]
    if unwritable := forecast.preview.unwritable:
        return unwritable
    in_the_way = forecast.preview.in_the_way(forecast.before)
    if in_the_way:
        return (
            f"Files of that name are there already: {', '.join(in_the_way)}. Choose another name."
        )
    if not titles:
        return ""
    return f"Enforced policies refuse these files: {', '.join(titles)}. Change the answers that lead to them."


def _counted(counts: Mapping[str, int]) -> str:
    order = [state.value for state in State]
    return " · ".join(
        f"{counts[state]} {look_of(state).word}" for state in order if counts.get(state)
    )


def _findings(forecast: Forecast) -> dict[str, tuple[Finding, ...]]:
    found: dict[str, dict[tuple[int | None, str], Finding]] = {}
    for path, finding in (*_of_checks(forecast), *_of_policies(forecast)):
        # a check that a policy decides says the same as the policy
        found.setdefault(path, {}).setdefault((finding.line, finding.message), finding)
    return {
        path: tuple(sorted(by_place.values(), key=lambda finding: finding.line or 0))
        for path, by_place in found.items()
    }


def _of_checks(forecast: Forecast) -> Iterator[tuple[str, Finding]]:
    for check in forecast.report.checks if forecast.report else ():
        if check.state in _BAD:
            for finding in check.findings:
                yield (
                    finding.path,
                    Finding(check.state.value, finding.line, finding.message, check.id),
                )


def _of_policies(forecast: Forecast) -> Iterator[tuple[str, Finding]]:
    for verdict in forecast.policies:
        for violation in verdict.violations:
            yield (
                violation.manifest.path,
                Finding(verdict.state.value, _line(violation), violation.message, verdict.title),
            )


def _line(violation: Violation) -> int | None:
    place = violation.details.get("path")
    return violation.manifest.line(*place) if isinstance(place, list) else violation.manifest.line()
