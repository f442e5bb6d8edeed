"""FF-03, FF-04, FF-09: a flag's default is safe, somebody owns it, and it does not live for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flagstone.policies.manifests.objects import sequence
from flagstone.scorecards.engine.checks.flags.declarations import NO_FLAGS
from flagstone.scorecards.engine.flags.flag_sets import Flag
from flagstone.scorecards.engine.outcome import (
    Fault,
    Findings,
    Outcome,
    failed,
    not_applicable,
    passed,
)
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.yaml_files import text_of

_KINDS = ("release", "experiment", "ops", "permission", "kill-switch")
_NEW = re.compile(r"on|new|true|enabled?|yes|treatment|canary|next", re.IGNORECASE)
_OFF = re.compile(r"off|false|disabled?|no|killed|stop(?:ped)?", re.IGNORECASE)


def _flags(service: ServiceView) -> Iterator[Flag]:
    for owner in service.flag_sets:
        yield from owner.flags


@check(
    id="FF-03",
    name="A flag's default is the safe side",
    severity=Severity.M,
    rule="The default variant of a flag of kind release must not be true, nor be called on, new, enabled or the "
    "like. That of a kill switch must not be false, nor be called off, disabled, killed or the like. The name "
    "counts only where the value is no boolean; flags of other kinds, or without a default, are not judged.",
    why="When flagd loses its source, or a rule fails, everybody gets the default: of an unfinished "
    "feature that must be the old behaviour, of a kill switch the service that works.",
    remedy="Set `defaultVariant` of a release flag to the old behaviour (`off`), of a kill switch to `on`.",
    not_applicable="No release flag and no kill switch is in view (`metadata.kind`).",
    no_data=unrendered("The declaration of flags is"),
)
def safe_default(service: ServiceView, params: NoParams) -> Outcome:
    found = Findings()
    for flag in _flags(service):
        default = flag.raw.get("defaultVariant")
        if not isinstance(default, str) or not (flag.kind == "release" or flag.is_kill_switch):
            continue
        found.judged += 1
        value = flag.variants.get(default)
        if flag.kind == "release" and (value is True or _is_named(_NEW, default, value)):
            message = (
                f"a release flag whose default is {default!r} is on for all who get the default"
            )
            found.faults.append(flag.fault(message, "defaultVariant"))
        elif flag.is_kill_switch and (value is False or _is_named(_OFF, default, value)):
            message = (
                f"a kill switch whose default is {default!r} is thrown until somebody mends it"
            )
            found.faults.append(flag.fault(message, "defaultVariant"))
    return found.verdict(
        "each default is the safe side",
        nothing="no release flag and no kill switch is in view" if service.flag_sets else NO_FLAGS,
    )


def _is_named(pattern: re.Pattern[str], name: str, value: object) -> bool:
    """Whether the name says it, where the value does not."""
    return not isinstance(value, bool) and bool(pattern.fullmatch(name))


@dataclass(frozen=True, slots=True)
class LifetimeParams:
    """How long a release flag may live.

    Attributes:
        max_age_days: the days from its creation (else from today) to the day on which it expires.
    """

    max_age_days: int = 90


@check(
    id="FF-04",
    name="Each flag has an owner and a kind, and a release flag an end",
    severity=Severity.M,
    rule=f"The `metadata` of each flag has an owner and a kind, one of {', '.join(_KINDS)}. A release flag has "
    f"`expires`, a date that is not past and at most `max_age_days` ({LifetimeParams().max_age_days}) days "
    "after `created`, or after today where that is missing or in the future. An experiment may have `expires`, "
    "which must not be past either.",
    why="A flag that nobody owns stays for years; every one doubles the ways in which the service can run.",
    remedy="Give each flag `metadata` with `owner` and `kind` (release, experiment, ops, permission or "
    "kill-switch), and a release flag `expires` (YYYY-MM-DD), at most 90 days ahead; take it out by then.",
    not_applicable="No declaration of flags is in view.",
    no_data=unrendered("The declaration of flags is"),
    params=LifetimeParams,
)
def owned(service: ServiceView, params: LifetimeParams) -> Outcome:
    today = service.surroundings.now.date()
    found = Findings()
    for flag in _flags(service):
        found.judged += 1
        for key in ("owner", "kind"):
            if not text_of(flag.metadata.get(key)).strip():
                found.faults.append(flag.fault(f"its metadata has no {key}", "metadata"))
        if flag.kind and flag.kind not in _KINDS and not flag.is_kill_switch:
            message = f"its kind {flag.kind!r} is none of {', '.join(_KINDS)}"
            found.faults.append(flag.fault(message, "metadata", "kind"))
        problem = _end_problem(flag, today, params.max_age_days)
        if problem:
            found.faults.append(flag.fault(problem, "metadata", "expires"))
    return found.verdict(
        "each flag has an owner, a kind and, if it needs one, an end", nothing=NO_FLAGS
    )


def _end_problem(flag: Flag, today: date, max_age_days: int) -> str:
    if flag.kind not in {"release", "experiment"}:
        return ""
    text = text_of(flag.metadata.get("expires"))
    if not text:
        return "a release flag needs the day on which it expires" if flag.kind == "release" else ""
    end = _day(text)
    if end is None:
        return f"expires {text[:40]!r} is no date (YYYY-MM-DD)"
    if end < today:
        return f"it expired on {end}: take it out"
    if flag.kind != "release":
        return ""
    created = _day(text_of(flag.metadata.get("created")))
    begin = created if created and created <= today else today
    if end - begin > timedelta(days=max_age_days):
        return f"it lives for {(end - begin).days} days, until {end}: more than {max_age_days}"
    return ""


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


@check(
    id="FF-09",
    name="There is a kill switch for each external dependency",
    severity=Severity.L,
    rule="Each component or API in `dependsOn` of the catalogue entity that this repository does not hold must have "
    "a kill switch: a flag of that kind in whose key, or in whose metadata `dependency`, its name stands. Only "
    "letters and digits are compared, capital and small ones alike.",
    why="When a partner is down, the service should leave that part out within seconds, without a release.",
    remedy="For each component of others in `dependsOn` of catalog-info.yaml add a flag with `kind: "
    "kill-switch` whose key has the dependency's name in it (or that names it as metadata `dependency`).",
    not_applicable="The catalogue entity declares no dependency on what lies outside of the repository, or "
    "the service has no flags in view.",
    no_data=unrendered("The catalogue entity or the declaration of flags is"),
)
def kill_switches(service: ServiceView, params: NoParams) -> Outcome:
    entity = service.component
    external = list(_external(service))
    if entity is None or not external:
        return not_applicable("no external dependency is declared (dependsOn)")
    if not service.flag_sets:
        return not_applicable(NO_FLAGS)
    switches = [flag for flag in _flags(service) if flag.is_kill_switch]
    faults = [
        Fault(f"{name} has no kill switch", entity, ("spec", "dependsOn", number))
        for number, name in external
        if not any(_switches_off(flag, name) for flag in switches)
    ]
    return failed(*faults) if faults else passed("each external dependency has a kill switch")


def _external(service: ServiceView) -> Iterator[tuple[int, str]]:
    """The components and APIs that it depends on and that this repository does not hold."""
    if service.component is None:
        return
    for number, ref in enumerate(sequence(service.component.spec.get("dependsOn"))):
        if not isinstance(ref, str):
            continue
        kind, colon, rest = ref.rpartition(":")
        name = rest.rpartition("/")[2].strip().lower()
        counts = not colon or kind.lower() in {"component", "api"}
        if counts and name and name not in service.surroundings.component_names:
            yield number, name


def _switches_off(flag: Flag, name: str) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", name)
    marks = (flag.key, text_of(flag.metadata.get("dependency")))
    return any(plain in re.sub(r"[^a-z0-9]", "", mark.lower()) for mark in marks)
