"""PR-07: alerts on how fast the error budget burns, over two windows each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from flagstone.scorecards.engine.alert_scenarios.urgency import Urgency, urgency
from flagstone.scorecards.engine.outcome import (
    Fault,
    Findings,
    Outcome,
    failed,
    not_applicable,
    passed,
)
from flagstone.scorecards.engine.prometheus.alert_rules import AlertRule, alerts
from flagstone.scorecards.engine.prometheus.promql import (
    Clause,
    PromQLError,
    Records,
    alternatives,
    clause,
    constant,
    parse,
)
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import ServiceKind

_MINUTE, _HOUR = 60, 3600
_SLACK = 1 + 1e-6
_WAKES = (Urgency.PAGE, Urgency.EITHER)


@dataclass(frozen=True, slots=True)
class _Page:
    """One of the two pages that the SRE Workbook asks for: its burn rates and long windows."""

    name: str
    slowest: float
    fastest: float
    shortest: int
    longest: int

    def covers(self, window: int) -> bool:
        return self.shortest <= window <= self.longest


_FAST = _Page("burn rate 10 to 20 over 30m to 2h", 10, 20, 30 * _MINUTE, 2 * _HOUR)
_SLOW = _Page("burn rate 4 to 8 over 3h to 12h", 4, 8, 3 * _HOUR, 12 * _HOUR)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two comparisons with one threshold over two windows, that hold together."""

    alert: AlertRule
    long: int
    limit: float | None
    burn: float | None


@check(
    id="PR-07",
    name="Alerts watch the error budget over two windows",
    severity=Severity.H,
    rule="Pages compare one ratio with one threshold over two windows, the longer one 6 to 24 times the shorter: "
    f"one pair with a {_FAST.name}, one with a {_SLOW.name} (the longer window counts). The burn rate is read "
    "from the threshold, such as 14.4 * 0.001, or from it and the objective that is recorded; thresholds that "
    "are bare numbers pass if both fit one budget, whichever it is. A service with HTTP traffic and no such "
    "alert fails.",
    why="One window is either slow to notice or pages for a blip, and keeps paging for an hour "
    "after the trouble is over; the budget runs out without anybody being woken.",
    remedy="Alert on `errors over 1h > 14.4 x budget and errors over 5m > 14.4 x budget`, and the "
    "same with 6 over 6h and 30m; let recording rules hold the ratios.",
    not_applicable="Workers, jobs and services without HTTP traffic: they have no SLO on requests.",
    no_data="The thresholds depend on series (as Pyrra's dynamic burn rates do), so that no burn rate can be "
    f"read: write them as numbers, or go by PR-03 to PR-05. Or {unrendered('the rules are')}",
)
def two_windows(service: ServiceView, _params: NoParams) -> Outcome:
    rules = [alert for manifest in service.prometheus_rules for alert in alerts(manifest)]
    if service.kind is not ServiceKind.HTTP and not rules:
        return not_applicable("no HTTP traffic and no alert")
    known = service.records
    pages = [alert for alert in rules if urgency(alert.labels) in _WAKES]
    pairs = [pair for alert in pages for pair in _pairs(alert, known)]
    bare = any(pair.burn is None for pair in pairs)
    budget = (_budget(known) or _told_by(pairs)) if bare else None
    missing = [page for page in (_FAST, _SLOW) if not _has(page, pairs, budget)]
    if missing == [_FAST, _SLOW] and _fits_some_budget(pairs):
        missing = []
    if not missing:
        return passed("fast and slow burn page over two windows each")
    open_ended = [alert for alert in pages if _is_undecided(alert, known)]
    if open_ended:
        findings = Findings()
        for alert in open_ended:
            message = f"{alert.name} compares with what series tell, so no burn rate can be read"
            findings.cannot_tell(message, alert.manifest, *alert.keys, "expr")
        return findings.verdict("", nothing="")
    if service.kind is not ServiceKind.HTTP and not pairs:
        return not_applicable("no HTTP traffic, and no alert compares two windows")
    return failed(*_faults(service, pages or rules, pairs, missing))


def _faults(
    service: ServiceView, rules: list[AlertRule], pairs: list[_Pair], missing: list[_Page]
) -> Iterator[Fault]:
    wanted = " nor one for ".join(page.name for page in missing)
    if not rules:
        owner = next((w.manifest for w in service.http_workloads), None)
        yield Fault("the service has no alert", owner, path=service.folder or ".", absent=True)
    elif not pairs:
        message = f"{rules[0].name} compares one window only, and no other page compares two"
        if urgency(rules[0].labels) not in _WAKES:
            message = f"no alert pages: {rules[0].name} is {rules[0].labels.get('severity')}"
        yield Fault(message, rules[0].manifest, (*rules[0].keys, "expr"))
    else:
        alert = pairs[0].alert
        message = f"no pair of windows pages for {wanted}"
        yield Fault(message, alert.manifest, (*alert.keys, "expr"))


def _pairs(alert: AlertRule, known: Records) -> Iterator[_Pair]:
    """Every two comparisons of an alert that ask the same of a long and of a short window."""
    for one, other in _apart(alert, known):
        same = (
            _close(one.limit, other.limit)
            if one.limit is not None
            else _close(one.burn, other.burn)
        )
        if same:
            yield _Pair(alert, max(one.window, other.window), one.limit, one.burn)


def _is_undecided(alert: AlertRule, known: Records) -> bool:
    """Whether it compares two windows with what only series tell, such as the traffic of a month."""
    return any(
        item.limit is None and item.burn is None for pair in _apart(alert, known) for item in pair
    )


def _apart(alert: AlertRule, known: Records) -> Iterator[tuple[Clause, Clause]]:
    """Every two comparisons of an alert over a short window and one about 12 times as long."""
    try:
        tree = parse(alert.expr)
    except PromQLError:
        return  # PR-01 says so
    for comparisons in alternatives(tree):
        clauses = [found for item in comparisons if (found := clause(item, known))]
        for one, other in combinations(clauses, 2):
            short, long = sorted((one.window, other.window))
            if 6 * short <= long <= 24 * short:
                yield one, other


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return False
    return abs(one - other) <= 1e-6 * max(abs(one), abs(other))


def _has(page: _Page, pairs: Iterable[_Pair], budget: float | None) -> bool:
    return any(
        page.covers(pair.long)
        and (burn := _burn(pair, budget)) is not None
        and page.slowest / _SLACK <= burn <= page.fastest * _SLACK
        for pair in pairs
    )


def _burn(pair: _Pair, budget: float | None) -> float | None:
    if pair.burn is not None or pair.limit is None or not budget:
        return pair.burn
    return pair.limit / budget


def _budget(known: Records) -> float | None:
    """The error budget, if a recording rule states the objective as one number."""
    for name in known.names():
        if "objective" in name:
            tree = known.tree(name)
            objective = None if tree is None else constant(tree, known)
            if objective is not None and 0 < objective < 1:
                return 1 - objective
    return None


def _told_by(pairs: Iterable[_Pair]) -> float | None:
    """The error budget by which some threshold has its burn rate, as 0.001 in `14.4 * 0.001`."""
    budgets = (pair.limit / pair.burn for pair in pairs if pair.limit and pair.burn)
    return next((budget for budget in budgets if budget < 1), None)


def _fits_some_budget(pairs: Iterable[_Pair]) -> bool:
    """Whether bare thresholds are the two burn rates of one budget, whichever it is."""
    bare = [pair for pair in pairs if pair.burn is None and pair.limit]
    return any(
        max(fast.limit / _FAST.fastest, slow.limit / _SLOW.fastest)
        <= min(fast.limit / _FAST.slowest, slow.limit / _SLOW.slowest) * _SLACK
        for fast in bare
        for slow in bare
        if fast.limit and slow.limit and _FAST.covers(fast.long) and _SLOW.covers(slow.long)
    )
