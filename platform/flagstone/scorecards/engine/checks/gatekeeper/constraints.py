"""GK: constraints that the cluster takes, and that stop somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flagstone.policies.gatekeeper.constraints import GROUP
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.policies_in_view import constraints_of

_NONE = "no constraint of Gatekeeper is among its files"
_NOT_APPLICABLE = "No constraint of Gatekeeper is among the files."
_ACTIONS = ("deny", "warn", "dryrun")
_ADMISSION = {"*", "validation.gatekeeper.sh", "vap.k8s.io"}


@check(
    id="GK-03",
    name="A constraint is v1beta1",
    severity=Severity.C,
    rule=f"The apiVersion of each constraint is {GROUP}/v1beta1. v1alpha1 is a warning; every other version fails.",
    why="Only ConstraintTemplates have a v1. A constraint of v1 is refused, so its policy never "
    "applies, however right it looks.",
    remedy=f"Write apiVersion: {GROUP}/v1beta1.",
    not_applicable=_NOT_APPLICABLE,
    no_data=unrendered("The constraint is"),
)
def version(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for constraint in constraints_of(service):
        findings.judged += 1
        found = constraint.version
        if found == "v1alpha1":
            message = f"{constraint.ref} is v1alpha1, an old version that is still served"
            findings.warn(f"{message}; use v1beta1", constraint, "apiVersion")
        elif found != "v1beta1":
            message = f"{constraint.ref}: constraints have no {found}; use {GROUP}/v1beta1"
            findings.fault(message, constraint, "apiVersion")
    return findings.verdict("every constraint is v1beta1", nothing=_NONE)


@check(
    id="GK-05",
    name="A policy is enforced, or has a date",
    severity=Severity.H,
    rule="enforcementAction of each constraint is deny, as it is by default; `scoped` needs deny at admission. One "
    f"that stops nobody ({_ACTIONS[1]}, {_ACTIONS[2]}, or deny in the audit only) needs an annotation whose "
    "name is or ends with `until` and whose value is a date (YYYY-MM-DD) of today or later. An action that "
    "does not exist fails.",
    why="A constraint in dryrun or warn is a promise to look one day. Without a date that day never "
    "comes, and everybody thinks that the rule holds.",
    remedy="Set enforcementAction: deny, or annotate the constraint with the day until which it only "
    'warns: flagstone.dev/until: "2027-01-31".',
    not_applicable=_NOT_APPLICABLE,
    no_data=unrendered("The constraint is"),
)
def enforced(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for constraint in constraints_of(service):
        findings.judged += 1
        _check_action(constraint, service.surroundings.now.date(), findings)
    return findings.verdict(
        "every constraint denies, or says until when it does not", nothing=_NONE
    )


def _check_action(constraint: Manifest, today: date, findings: Findings) -> None:
    keys: Keys = ("spec", "enforcementAction")
    action = constraint.spec.get("enforcementAction") or "deny"
    if action == "scoped":
        keys = ("spec", "scopedEnforcementActions")
        actions = list(_scoped(constraint))
    else:
        actions = [(str(action), True)]
    unknown = sorted({name for name, _ in actions if name not in _ACTIONS})
    if unknown:
        message = f"{constraint.ref}: the action {unknown[0]} does not exist: deny, warn, dryrun or scoped"
        findings.fault(message, constraint, *keys)
        return
    if ("deny", True) in actions:
        return
    names = " and ".join(dict.fromkeys(name for name, _ in actions)) or "no action at all"
    if "deny" in {name for name, _ in actions}:
        names = "deny in the audit only"
    reason = _why_not_yet(constraint, today)
    if reason:
        message = f"{constraint.ref} stops nobody ({names}), {reason}"
        findings.fault(message, constraint, *keys)


def _scoped(constraint: Manifest) -> Iterator[tuple[str, bool]]:
    """Each action with whether it is taken when somebody applies an object."""
    for entry in map(mapping, sequence(constraint.spec.get("scopedEnforcementActions"))):
        points = {
            str(mapping(point).get("name")) for point in sequence(entry.get("enforcementPoints"))
        }
        yield str(entry.get("action")), bool(points & _ADMISSION)


def _why_not_yet(constraint: Manifest, today: date) -> str:
    """Why its annotation does not excuse a constraint that stops nobody; "" if it does."""
    text = next((v for k, v in constraint.annotations.items() if _says_until(k)), None)
    if text is None:
        return "and has no `until` annotation that says when that ends"
    try:
        until = date.fromisoformat(text.strip())
    except ValueError:
        return f"and its `until` annotation, {text!r}, is no date such as 2027-01-31"
    return f"although that was to end on {until}" if until < today else ""


def _says_until(key: str) -> bool:
    name = key.rpartition("/")[2].lower()
    return name == "until" or name.endswith(("-until", ".until"))
