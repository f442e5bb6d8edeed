"""RB-04 to RB-06: who is called when, who hears of an abort, and how long a rollback really takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flagstone.policies.manifests.objects import dig, mapping
from flagstone.scorecards.engine.argocd.notifications import subscriptions
from flagstone.scorecards.engine.checks.argocd.notifications import (
    sent_triggers,
    told,
    warn_of_misspelt,
)
from flagstone.scorecards.engine.checks.operations.runbooks import called_for, without_runbook
from flagstone.scorecards.engine.measurements import Health, MeasuredRollback
from flagstone.scorecards.engine.outcome import (
    Fault,
    Findings,
    Outcome,
    failed,
    no_data,
    not_applicable,
    passed,
)
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.runbook_text import Runbook
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_NOTHING_RUNS = "nothing runs here that a person would be called for"
_STEP = re.compile(r"\s*(?:->|→|=>|;|\n|,|\bthen\b)\s*")
_TIME = re.compile(
    r"\b\d+\s*(?:s|sec(?:ond)?s?|m|min(?:ute)?s?|h|hrs?|hours?)\b|\bPT\d+[SMH]\b"
    r"|\b(?:immediately|at once|straight away)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"sec(?:ond)?s?|min(?:ute)?s?|hours?", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+")
_ROLES = {
    "incident commander": re.compile(
        r"\bincident (?:commander|lead|manager)\b|\bIC\b", re.IGNORECASE
    ),
    "scribe": re.compile(r"\bscribe\b|\bnote[- ]?taker\b", re.IGNORECASE),
    "communicator": re.compile(
        r"\bcommunicators?\b|\bcomms\b|\bcommunications?[ -](?:lead|manager|officer|owner|role)\b|\bspokesperson\b"
        r"|\bliaison\b|\*\*communications?\*\*|^\W*communications?\s*(?:[:|(\u2013-]|$)|\|\s*communications?\s*\|",
        re.IGNORECASE | re.MULTILINE,
    ),
}
_ABORTED = "on-rollout-aborted"
_FAILED = "on-analysis-run-failed"
# Those of Argo Rollouts 1.9. They are its events: a trigger of another name is never asked for.
_TRIGGERS = frozenset(
    {
        _ABORTED,
        _FAILED,
        "on-analysis-run-error",
        "on-analysis-run-running",
        "on-rollout-completed",
        "on-rollout-paused",
        "on-rollout-step-completed",
        "on-rollout-updated",
        "on-scaling-replica-set",
    }
)


@check(
    id="RB-04",
    name="The runbook says who is called when, and who does what",
    severity=Severity.M,
    rule=f"The runbook names {', '.join(_ROLES)}, each by one of its usual names. `escalation` in its front matter "
    "and its sections on escalation together have at least two steps with a time, such as 15 min or "
    "immediately. If nothing but that is missing and every step is a link, it is not decided.",
    why="Without times nobody knows how long to try alone; without roles everybody debugs and "
    "nobody tells the customers.",
    remedy="Write two steps with times into `escalation` (oncall -> lead (15 min) -> incident "
    "commander (30 min)), and name an incident commander, a scribe and a communicator.",
    not_applicable="Objects that belong to no service.",
    no_data="The escalation is a link to another system: write its steps into the runbook too.",
)
def escalation(service: ServiceView, _params: NoParams) -> Outcome:
    if not called_for(service):
        return not_applicable(_NOTHING_RUNS)
    runbook = service.runbook
    if runbook is None:
        return failed(without_runbook(service))
    text = runbook.text
    faults = [
        Fault(f"it names no {role} for an incident", path=runbook.path, line=1)
        for role, pattern in _ROLES.items()
        if not pattern.search(text)
    ]
    steps = list(_steps(runbook))
    timed = [step for step in steps if _TIME.search(step)]
    if len(timed) < 2:
        if not faults and steps and all(_LINK.fullmatch(step.strip()) for step in steps):
            return no_data(f"who is called when stands at {steps[0].strip()}")
        said = f"only one step with a time: {timed[0]}" if timed else "no step with a time"
        faults.append(Fault(f"the escalation has {said}", path=runbook.path, line=1))
    return failed(*faults) if faults else passed(f"{len(timed)} steps with times, and three roles")


def _steps(runbook: Runbook) -> Iterator[str]:
    """The steps of the front matter and of a section about escalation."""
    written = runbook.front.get("escalation")
    if isinstance(written, dict):
        written = [{key: value} for key, value in written.items()]
    texts = [_text(item) for item in (written if isinstance(written, list) else [written])]
    texts += [section.text for section in runbook.sections if "escalat" in section.title.lower()]
    for text in texts:
        yield from filter(None, _STEP.split(text))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_pair(str(key), _text(item)) for key, item in value.items())
    return str(value or "")


def _pair(key: str, text: str) -> str:
    """A key and its value; the unit of a bare number may stand in the key (`after_minutes: 15`)."""
    unit = _UNIT.search(key)
    return f"{key} {text} {unit[0]}" if unit and text.strip().isdecimal() else f"{key} {text}"


@check(
    id="RB-05",
    name="On-call hears of an aborted canary",
    severity=Severity.M,
    rule=f"Each Rollout is subscribed to {_ABORTED}, and to {_FAILED} too if it has an analysis or experiment: by "
    "its own annotations, or for all by argo-rollouts-notification-configmap. Every trigger that is subscribed "
    "to must be there with its templates, and be one that Argo Rollouts asks for.",
    why="An abort saves the customers and leaves the bad version in Git: if nobody hears of it, the "
    "next sync starts it again.",
    remedy=f"Subscribe the Rollout (notifications.argoproj.io/subscribe.<trigger>.<service>) to "
    f"{_ABORTED} and, with an analysis, to {_FAILED}; the ConfigMap "
    "argo-rollouts-notification-configmap must have both triggers and their templates.",
    not_applicable="The service has no Rollout.",
    no_data="The triggers and the subscriptions for all are not known: score a folder that holds "
    "argo-rollouts-notification-configmap too.",
)
def aborts_are_told(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    settings = service.surroundings.rollout_notifications
    for rollout in (w for w in service.workloads if w.is_rollout):
        findings.judged += 1
        manifest = rollout.manifest
        subscribed = [*subscriptions(manifest), *settings.for_all(manifest.labels)]
        warn_of_misspelt(manifest, findings)
        sent = sent_triggers(subscribed, settings, _TRIGGERS, findings)
        wanted = [_ABORTED, *([_FAILED] if _has_analysis(rollout) else [])]
        lacking = [name for name in wanted if name not in sent]
        keys = ("metadata", "annotations")
        if lacking and settings.is_known:
            findings.missing(f"nobody is subscribed to {' and '.join(lacking)}", manifest, *keys)
        elif not settings.is_known:
            said = f"nobody is seen to be subscribed to {' and '.join(lacking)}, and "
            message = f"{said if lacking else ''}{settings.name} is not in the input"
            findings.cannot_tell(message, manifest, *keys)
    return told(findings, "on-call hears of an abort", nothing="the service has no Rollout")


def _has_analysis(rollout: Workload) -> bool:
    strategy = mapping(rollout.manifest.spec.get("strategy"))
    blue_green = mapping(strategy.get("blueGreen"))
    return (
        bool(dig(strategy, "canary", "analysis"))
        or any(step.get("analysis") or step.get("experiment") for step in rollout.steps)
        or bool(blue_green.get("prePromotionAnalysis") or blue_green.get("postPromotionAnalysis"))
    )


@dataclass(frozen=True, slots=True)
class RollbackParams:
    """How fast the way back must be.

    Attributes:
        max_minutes: from the merge of a revert to a healthy service, in nine of ten cases.
        window_days: how far back rollbacks count.
    """

    max_minutes: int = 10
    window_days: int = 90


@check(
    id="RB-06",
    name="A rollback is healthy within minutes, as measured",
    severity=Severity.M,
    rule=f"Of the rollbacks merged in the last `window_days` ({RollbackParams().window_days}) days, nine of ten must "
    f"be healthy at most `max_minutes` ({RollbackParams().max_minutes}) minutes after the merge, as the portal "
    "measured it. One that was reported unhealthy, or is not healthy when the limit is over, counts as never; "
    "one of which nobody reported anything does not count.",
    why="Two clicks are worth what follows them: a sync that is polled, a canary that crawls through "
    "every step, an image that is gone.",
    remedy="Let the code host call Argo CD's webhook, set rollbackWindow, keep old images, and look "
    "at the slowest rollback: its page in Flagstone has the times.",
    not_applicable="Nothing is measured where a folder is scored, outside of Flagstone's portal; or "
    "no rollback was merged in the window.",
    no_data="After no rollback did anybody report health: connect Argo CD's notifications.",
    params=RollbackParams,
)
def measured_rollbacks(service: ServiceView, params: RollbackParams) -> Outcome:
    if service.measured is None:
        return not_applicable(
            "nothing is measured here: the portal measures rollbacks", certain=True
        )
    now = service.surroundings.now
    since = now - timedelta(days=params.window_days)
    counted = [one for one in service.measured.rollbacks if since <= one.merged_at <= now]
    if not counted:
        reason = f"no rollback was merged in the last {params.window_days} days"
        return not_applicable(reason, certain=True)
    limit = timedelta(minutes=params.max_minutes)
    spans = [span for one in counted if (span := _span(one, now - one.merged_at, limit))]
    if not spans:
        return no_data("how long the rollbacks took is not known: nobody reported health")
    slowest = sorted(spans)[-(-len(spans) * 9 // 10) - 1]
    if slowest <= limit:
        return passed(f"nine of ten rollbacks were healthy in {_minutes(slowest)}")
    took = "never" if slowest == timedelta.max else f"only after {_minutes(slowest)}"
    message = f"one of ten rollbacks was healthy {took}, counted from the merge: {_minutes(limit)} are the limit"
    path = service.runbook.path if service.runbook else service.folder
    return failed(Fault(message, path=path))


def _span(one: MeasuredRollback, age: timedelta, limit: timedelta) -> timedelta | None:
    """From merge to health; None where that is not known, or not yet."""
    if one.healthy_at is not None:
        return one.healthy_at - one.merged_at
    if one.health is Health.UNHEALTHY:
        return timedelta.max
    return timedelta.max if one.health is Health.WAITING and age > limit else None


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} min"
