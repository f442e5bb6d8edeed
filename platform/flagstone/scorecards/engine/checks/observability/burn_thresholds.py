"""PR-08: thresholds that are the burn rates they claim to be, and that can be passed."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.scorecards.engine.alert_scenarios.objectives import (
    Objective,
    claimed_burn,
    explicit_budgets,
)
from flagstone.scorecards.engine.alert_scenarios.rulebook import Rule
from flagstone.scorecards.engine.alert_scenarios.service_objectives import (
    runbook_objective,
    stated_objective,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.promql import Clause, Records, alternatives, clause
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_TOLERANCE = 0.02  # 13.44 may be written as 13.4


@check(
    id="PR-08",
    name="Thresholds fit the objective",
    severity=Severity.H,
    rule="Every alert whose threshold or label says a burn rate is judged. Its threshold is that burn rate times (1 "
    f"- objective), within {_TOLERANCE:.0%}, and where both say a burn rate it is the same; an error ratio is "
    "compared with less than 1, and a burn rate with less than 1 / (1 - objective). The objective is the one "
    "declared or recorded for the service, else the one in the threshold, else that of the runbook.",
    why="A threshold made for another objective fires far too early or far too late. Nothing burns faster "
    "than 1/(1 - objective): below 93.06% an alert at 14.4 times the budget can never fire.",
    remedy="Let the threshold be burn rate x (1 - objective), with the burn rate that the label burn_rate "
    "says; for a low objective alert at smaller burn rates.",
    not_applicable="No alert has a burn rate.",
    no_data="The objective is not known: declare it in slo.yaml (OpenSLO), in an object of Sloth or Pyrra, "
    "in an annotation `slo` of the catalogue's entity or in the runbook's front matter, or record it as "
    "slo:objective:ratio.",
)
def fit_the_objective(service: ServiceView, _params: NoParams) -> Outcome:
    known = service.records
    findings = Findings()
    for rule in service.rules:
        limits = list(_limits(rule, known))
        if not limits:
            continue
        findings.judged += 1
        keys = (*rule.keys, "expr")
        footing = service.rulebook.footing(rule)
        objective = (
            stated_objective(service, [rule], {rule: footing})
            or _explicit(rule, known)
            or runbook_objective(service, [rule])
        )
        problem = next(filter(None, (_problem(rule, one, objective) for one in limits)), "")
        if problem:
            findings.fault(f"{rule.name} {problem}", rule.manifest, *keys)
        elif objective is None:
            message = f"the objective that {rule.name} guards is not known: declare or record it"
            findings.cannot_tell(message, rule.manifest, *keys)
    return findings.verdict("each threshold fits its objective", nothing="no alert has a burn rate")


def _limits(rule: Rule, known: Records) -> Iterator[Clause]:
    """The comparisons of an alert that say, or whose labels say, a burn rate."""
    if not rule.alert or rule.tree is None:
        return
    claimed = claimed_burn(rule)
    for comparisons in alternatives(rule.tree):
        for comparison in comparisons:
            found = clause(comparison, known)
            if found and found.limit and (found.burn is not None or claimed is not None):
                yield found


def _explicit(rule: Rule, known: Records) -> Objective | None:
    """The objective that stands in the threshold itself, as in `14.4 * (1 - 0.999)`."""
    for comparisons in alternatives(rule.tree):
        for comparison in comparisons:
            for budget in explicit_budgets(comparison, known):
                return Objective(1 - budget, "", "the threshold")
    return None


def _problem(rule: Rule, found: Clause, objective: Objective | None) -> str:
    limit = found.limit or 0.0
    burns = found.burn is not None and abs(limit - found.burn) < 1e-9  # compares a burn rate
    claimed = claimed_burn(rule)
    if not burns and limit >= 1:
        return f"can never fire: no error ratio is above {limit:.4g}"
    if claimed is not None and found.burn is not None and not _near(claimed, found.burn):
        return f"claims a burn rate of {claimed:g} and compares with {found.burn:g}"
    if objective is None:
        return ""
    budget, share = objective.budget, f"{100 * objective.share:.6g}%"
    if burns and limit * budget >= 1:
        return f"can never fire: at {share} ({objective.source}) nothing burns faster than {1 / budget:.4g}"
    burn = claimed if claimed is not None else found.burn
    if not burns and burn is not None and not _near(limit / budget, burn):
        return (
            f"has a threshold of {limit:.4g}, which at {share} ({objective.source}) is a burn rate of "
            f"{limit / budget:.4g}, not {burn:g}"
        )
    return ""


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _TOLERANCE * max(abs(one), abs(other))
