"""RB: a runbook that exists, says how to roll back, and has been practised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flagstone.scorecards.engine.outcome import Fault, Outcome, failed, not_applicable, passed
from flagstone.scorecards.engine.prometheus.alert_rules import alerts, web_address
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.runbook_text import Runbook, Section
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_FRONT_MATTER = ("service", "owner", "slo", "escalation", "dashboard", "last_drilled")
_ROLLBACK = re.compile(r"roll(?:ing|ed)?[\s-]?back", re.IGNORECASE)
_FORBIDS = re.compile(
    r"\b(?:do not|don't|never|not|no|avoid|forbidden|refused|instead of|must not)\b", re.IGNORECASE
)
_LIVE_EDITS = re.compile(r"\bundo\b|\bset image\b", re.IGNORECASE)
_NO_RUNBOOK = "no runbook (RB-01)"  # what is missing, and where to put it, is said once
_NOTHING_RUNS = "nothing runs here that a person would be called for"


@check(
    id="RB-01",
    name="There is a runbook, and the alerts lead to it",
    severity=Severity.H,
    why="At three in the morning somebody who did not write the service has to mend it; a link to "
    "a page or heading that is not there costs the minutes that count.",
    remedy="Put a runbook.md into the service's folder with the front matter service, owner, slo, "
    "escalation, dashboard and last_drilled; let every alert's runbook_url lead to one of its "
    "headings.",
    not_applicable="Objects that belong to no service.",
    no_data="Always decided: a runbook is a file.",
)
def exists(service: ServiceView, _params: NoParams) -> Outcome:
    if not called_for(service):
        return not_applicable(_NOTHING_RUNS)
    runbook = service.runbook
    if runbook is None:
        message = "there is no runbook: nothing says what to do when an alert of it goes off"
        return failed(_missing(service, message))
    faults = [*_front_faults(service, runbook), *_link_faults(service, runbook)]
    return failed(*faults) if faults else passed("the runbook is complete")


def called_for(service: ServiceView) -> bool:
    return bool(service.workloads) or service.component is not None


def without_runbook(service: ServiceView) -> Fault:
    return _missing(service, _NO_RUNBOOK)


def _missing(service: ServiceView, message: str) -> Fault:
    folder = f"{service.folder}/" if service.folder else ""
    return Fault(message, path=f"{folder}runbook.md")


def _front_faults(service: ServiceView, runbook: Runbook) -> Iterator[Fault]:
    if runbook.front_problem:
        yield Fault(runbook.front_problem, path=runbook.path, line=1)
        return
    for key in _FRONT_MATTER:
        value = runbook.front.get(key)
        if value in (None, "", [], {}):
            yield Fault(f"the front matter has no {key}", path=runbook.path, line=1)
    named = runbook.front.get("service")
    if named and named != service.name:
        message = f"the front matter is about {named}, not {service.name}"
        yield Fault(message, path=runbook.path, line=1)


def _link_faults(service: ServiceView, runbook: Runbook) -> Iterator[Fault]:
    """The alerts must lead to one page, and to headings that it has."""
    pages: dict[str, str] = {}
    for manifest in service.prometheus_rules:
        for alert in alerts(manifest):
            url = web_address(alert.annotations.get("runbook_url", ""))
            if url is None:
                continue
            keys = (*alert.keys, "annotations", "runbook_url")
            page = f"{url.netloc}{url.path}".rstrip("/")
            pages.setdefault(page, alert.name)
            if len(pages) > 1 and pages.get(page) == alert.name:
                message = f"{alert.name} leads to {page}, the other alerts to {next(iter(pages))}"
                yield Fault(message, manifest, keys)
            if url.fragment and url.fragment not in runbook.anchors:
                message = (
                    f"{alert.name} leads to #{url.fragment}, which is no heading of {runbook.path}"
                )
                yield Fault(message, manifest, keys)


@check(
    id="RB-02",
    name="The runbook says how to roll back",
    severity=Severity.H,
    why="`kubectl argo rollouts undo` edits the live object: self-heal puts the bad version back "
    "within seconds, and the person on call believes that it is mended.",
    remedy="Add a section on rolling back: abort the running canary, then revert in Git; and say "
    "not to use undo while Argo CD heals.",
    not_applicable="Objects that belong to no service.",
    no_data="Always decided: a runbook is a file.",
)
def rollback(service: ServiceView, _params: NoParams) -> Outcome:
    if not called_for(service):
        return not_applicable(_NOTHING_RUNS)
    runbook = service.runbook
    if runbook is None:
        return failed(without_runbook(service))
    sections = [section for section in runbook.sections if _ROLLBACK.search(section.title)]
    if not sections:
        return failed(Fault("no section is about rolling back", path=runbook.path, line=1))
    faults = list(_rollback_faults(service, runbook, sections))
    return failed(*faults) if faults else passed("it says how to roll back")


def _rollback_faults(
    service: ServiceView, runbook: Runbook, sections: list[Section]
) -> Iterator[Fault]:
    text = "\n".join(section.text for section in sections)
    line = sections[0].line
    if service.canaries and not re.search(r"\babort", text, re.IGNORECASE):
        message = "the section on rolling back does not name abort, for a canary that is running"
        yield Fault(message, path=runbook.path, line=line)
    if not re.search(r"\brevert", text, re.IGNORECASE):
        message = "the section on rolling back does not name a revert in Git"
        yield Fault(message, path=runbook.path, line=line)
    if not service.self_heals:
        return
    told = [sentence for sentence in _sentences(text) if _LIVE_EDITS.search(sentence)]
    if any(not _FORBIDS.search(sentence) for sentence in told):
        message = "it advises undo or set image, which self-heal reverts"
        yield Fault(message, path=runbook.path, line=line)
    elif service.canaries and not told:
        message = "it does not say that undo must not be used while Argo CD heals"
        yield Fault(message, path=runbook.path, line=line)


def _sentences(text: str) -> list[str]:
    joined = re.sub(r"\n(?!\s*(?:[-*]|\d+\.|\n))", " ", text)
    return re.split(r"(?<=[.!?])\s+|\n", joined)


@dataclass(frozen=True, slots=True)
class DrillParams:
    """How fresh the practice must be.

    Attributes:
        max_age_days: the age at which a drill no longer counts.
    """

    max_age_days: int = 90


@check(
    id="RB-03",
    name="The runbook was practised lately",
    severity=Severity.M,
    why="A runbook that nobody has followed for months is about a service that no longer exists.",
    remedy="Drill the rollback, and write the day into last_drilled (YYYY-MM-DD).",
    not_applicable="Objects that belong to no service.",
    no_data="Always decided: a runbook is a file.",
    params=DrillParams,
)
def drilled(service: ServiceView, params: DrillParams) -> Outcome:
    if not called_for(service):
        return not_applicable(_NOTHING_RUNS)
    runbook = service.runbook
    if runbook is None:
        return failed(without_runbook(service))
    text = str(runbook.front.get("last_drilled") or "")
    problem = drill_problem(text, service.surroundings.now.date(), params.max_age_days)
    if problem:
        return failed(Fault(problem, path=runbook.path, line=1))
    return passed(f"drilled on {text}")


def drill_problem(text: str, today: date, max_age_days: int) -> str:
    if not text:
        return "last_drilled is missing: nobody has practised it"
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return f"last_drilled {text!r} is no date (YYYY-MM-DD)"
    if day > today:
        return f"last_drilled {day} lies in the future"
    if today - day > timedelta(days=max_age_days):
        return f"last drilled {(today - day).days} days ago, on {day}"
    return ""
