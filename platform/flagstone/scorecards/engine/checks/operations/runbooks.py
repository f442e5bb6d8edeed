"""RB: a runbook that exists, says how to roll back, and has been practised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flagstone.scorecards.engine.outcome import Fault, Outcome, failed, not_applicable, passed
from flagstone.scorecards.engine.prometheus.alert_rules import alerts, web_address
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.runbook_text import Runbook, Section
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_FRONT_MATTER = ("service", "owner", "slo", "escalation", "dashboard", "last_drilled")
_ROLLBACK = re.compile(r"roll(?:ing|ed)?[\s-]?back", re.IGNORECASE)
_ROLLBACK_TITLE = re.compile(
    rf"{_ROLLBACK.pattern}|\brevert|\bback(?:ing|ed)?[\s-]out\b|\bundo(?:ing)?\b|\bprevious version\b"
    r"|\bbad (?:release|deploy\w*|version|rollout)\b",
    re.IGNORECASE,
)
_NOT = r"(?:do not|don[\u2019']t|never|(?:must|should|shall|may|can) ?not|mustn[\u2019']t|avoid|no longer)"
_LIVE_EDIT = r"(?:\bundo\b|\bset image\b)"
_FORBIDS = re.compile(
    # ... never (under any circumstances) use ... undo
    rf"\b{_NOT}\b(?:,[^,]{{1,40}},)?\s+(?:\w+ly\s+|ever\s+|just\s+|try to\s+|be tempted to\s+)?"
    rf"(?:(?:use|us|run|runn|call|try|do|execut|reach for|rely on|issu|typ)(?:e|ing)?\b[^.;:]{{0,100}}?)?"
    rf"[`*_\"']*(?:kubectl[\w\s-]{{0,40}}?)?{_LIVE_EDIT}"
    rf"|\b(?:instead of|rather than|forbidden|refused|not with|not by|not|no)\s+[`*_\"']*"
    rf"(?:using\s+|running\s+|a\s+|an\s+)?[`*_\"']*(?:kubectl[\w\s-]{{0,40}}?)?{_LIVE_EDIT}"
    # undo ... is put back, must not be used, does not work
    rf"|{_LIVE_EDIT}[^.;]{{0,120}}?(?:\b(?:is|are|does|do|will|would|must|should|can|may|has) ?(?:not\b|no\b|never\b)"
    r"|\w+n[\u2019']t\b|\breverted|\breverts\b|\bputs?\b[^.;]{0,60}\bback\b|\brefused|\bforbidden|\bundone\b"
    r"|\bundoes\b|\buseless|\bpointless|\boverwritten|\bdisabled|\bprohibited|\bblocked)",
    re.IGNORECASE,
)
_LEADS_IN = re.compile(
    rf"\b{_NOT}\b|\bforbidden\b|\bdon[\u2019']ts\b|\bnot to\b|\bwhat not\b", re.IGNORECASE
)
_LIVE_EDITS = re.compile(_LIVE_EDIT, re.IGNORECASE)
_REVERTS = re.compile(r"\brevert", re.IGNORECASE)
# What the controller does to a change by hand is no step of a rollback.
_BY_ITSELF = re.compile(
    r"(?:self-?heal\w*|argo\s?cd|controller|operator|sync|which|that|is|are|gets?|be)\W+(?:\w+\W+){0,2}?revert(?:s|ed)\b",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"\b(?:TODO|TBD|FIXME|TBC)\b")
_PLACEHOLDER = re.compile(
    r"\W*(?:TODO|TBD|TBC|FIXME|x{3,}|\?+|n/?a|none|null|~|-+|change-?me|fill[ -]?(?:me[ -]?)?in)\W*"
    r"|<[^<>]*>|\{\{.*\}\}|(?:TODO|TBD|FIXME)\b.*",
    re.IGNORECASE,
)
_NO_RUNBOOK = "no runbook (RB-01)"  # what is missing, and where to put it, is said once
_NOTHING_RUNS = "nothing runs here that a person would be called for"


@check(
    id="RB-01",
    name="There is a runbook, and the alerts lead to it",
    severity=Severity.H,
    rule="A service that has a workload or a catalogue entity needs a runbook. Its front matter gives each of "
    f"{', '.join(_FRONT_MATTER)} a value that is no placeholder, and `service` is this service. Those "
    "runbook_urls of its alerts that are http(s) lead to one page, and their #anchors to headings of the "
    "runbook.",
    why="At three in the morning somebody who did not write the service has to mend it; a link to "
    "a page or heading that is not there costs the minutes that count.",
    remedy="Put a runbook.md into the service's folder (or docs/runbook.md, or "
    "runbooks/<service>.md) with the front matter service, owner, slo, "
    "escalation, dashboard and last_drilled; let every alert's runbook_url lead to one of its "
    "headings.",
    not_applicable="Objects that belong to no service.",
    no_data=unrendered("Nothing that runs is in view, and part of the service is"),
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
        elif isinstance(value, str) and _PLACEHOLDER.fullmatch(value.strip()):
            message = f"the front matter says {value.strip()!r} for {key}, which is no value yet"
            yield Fault(message, path=runbook.path, line=1)
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
    rule="The sections of the runbook whose title speaks of rolling back name a revert in Git, and an abort if the "
    "service has a canary; TODO, TBD, FIXME or TBC in them fails. Where Argo CD heals the service, every "
    "sentence with `undo` or `set image` must forbid it, and with a canary there must be one.",
    why="`kubectl argo rollouts undo` edits the live object: self-heal puts the bad version back "
    "within seconds, and the person on call believes that it is mended.",
    remedy="Add a section on rolling back: abort the running canary, then revert in Git; and say "
    "not to use undo while Argo CD heals.",
    not_applicable="Objects that belong to no service.",
    no_data=unrendered("Nothing that runs is in view, and part of the service is"),
)
def rollback(service: ServiceView, _params: NoParams) -> Outcome:
    if not called_for(service):
        return not_applicable(_NOTHING_RUNS)
    runbook = service.runbook
    if runbook is None:
        return failed(without_runbook(service))
    sections = [section for section in runbook.sections if _ROLLBACK_TITLE.search(section.title)]
    named = [section for section in sections if _ROLLBACK.search(section.title)]
    sections = named or sections
    if not sections:
        return failed(Fault("no section is about rolling back", path=runbook.path, line=1))
    faults = list(_rollback_faults(service, runbook, sections))
    return failed(*faults) if faults else passed("it says how to roll back")


def _rollback_faults(
    service: ServiceView, runbook: Runbook, sections: list[Section]
) -> Iterator[Fault]:
    text = "\n\n".join(section.text for section in sections)
    if found := _UNFINISHED.search(text):
        message = f"the section on rolling back is unfinished: it says {found[0]}"
        yield Fault(message, path=runbook.path, line=sections[0].line)
    line = sections[0].line
    if service.canaries and not re.search(r"\babort", text, re.IGNORECASE):
        message = "the section on rolling back does not name abort, for a canary that is running"
        yield Fault(message, path=runbook.path, line=line)
    if not any(_REVERTS.search(_BY_ITSELF.sub("", one)) for one in _sentences(text)):
        message = "the section on rolling back does not name a revert in Git"
        yield Fault(message, path=runbook.path, line=line)
    if not service.self_heals:
        return
    told = [one for one in _sentences(text) if _LIVE_EDITS.search(one)]
    if any(not _FORBIDS.search(one) for one in told):
        message = "it advises undo or set image, which self-heal reverts"
        yield Fault(message, path=runbook.path, line=line)
    elif service.canaries and not told:
        message = "it does not say that undo must not be used while Argo CD heals"
        yield Fault(message, path=runbook.path, line=line)


_END = r"(?<=[.!?])\s+"


def _sentences(text: str) -> Iterator[str]:
    """The sentences; the items of a list that a "never use:" leads in each begin with that."""
    lead = ""
    for part in re.split(r"\n(?=\s*(?:[-*+]\s|\d+[.)]\s|#+\s|\n|\|))|\n\s*\n", text):
        block = re.sub(r"\s*\n\s*", " ", part.strip())
        item = re.match(r"(?:[-*+]|\d+[.)])\s+", block)
        if block.startswith("#") or (block and not item):
            is_lead = block.startswith("#") or block.rstrip("*_ ").endswith(":")
            lead = "never use " if is_lead and _LEADS_IN.search(block) else ""
        elif item and lead:
            yield from re.split(_END, f"{lead}{block[item.end() :]}")
            continue
        yield from re.split(_END, block)


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
    rule="`last_drilled` in the runbook's front matter is a date (YYYY-MM-DD) that is not in the future and at most "
    f"`max_age_days` ({DrillParams().max_age_days}) days ago. A service without a runbook fails.",
    why="A runbook that nobody has followed for months is about a service that no longer exists.",
    remedy="Drill the rollback, and write the day into last_drilled (YYYY-MM-DD).",
    not_applicable="Objects that belong to no service.",
    no_data=unrendered("Nothing that runs is in view, and part of the service is"),
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


_DAY = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")


def drill_problem(text: str, today: date, max_age_days: int) -> str:
    if not text:
        return "last_drilled is missing: nobody has practised it"
    written = _DAY.match(text)
    try:
        day = date.fromisoformat(written[0] if written else "")
    except ValueError:
        return f"last_drilled {text!r} is no date (YYYY-MM-DD)"
    if day > today:
        return f"last_drilled {day} lies in the future"
    if today - day > timedelta(days=max_age_days):
        return f"last drilled {(today - day).days} days ago, on {day}"
    return ""
