"""PR-02 to PR-06: what the alerts do in nine scenarios, as promtool plays them."""

from __future__ import annotations

from flagstone.scorecards.engine.alert_scenarios.performances import Act
from flagstone.scorecards.engine.alert_scenarios.rulebook import Rule
from flagstone.scorecards.engine.alert_scenarios.scenarios import LONGEST
from flagstone.scorecards.engine.alert_scenarios.stages import Stage
from flagstone.scorecards.engine.alert_scenarios.urgency import Urgency, urgency
from flagstone.scorecards.engine.outcome import (
    Fault,
    Findings,
    Outcome,
    failed,
    no_data,
    not_applicable,
)
from flagstone.scorecards.engine.prometheus.alert_rules import alerts
from flagstone.scorecards.engine.prometheus.promtool import HOW_TO_GET
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import ServiceKind

_NO_DATA = (
    f"promtool is not here ({HOW_TO_GET}); the rules that record what the alerts use are not in view (score a "
    "folder that holds them too); no label of the request counter tells good answers from bad ones (select by "
    'one, such as code=~"5.."); the objective is not known (declare it as PR-08 says), and nothing is wrong in '
    "the scenarios that do not need it; an alert holds its series against more days than a scenario lasts; or "
    "promtool did not finish in time (score fewer services at once). PR-07 judges the same rules by their form."
)
_NO_ALERT = "The service has no alert."
_NO_TRAFFIC = "Workers, jobs and services without HTTP traffic that have no alert."


@check(
    id="PR-02",
    name="No alert fires while the service is healthy",
    severity=Severity.C,
    rule="promtool plays the service's rules on made-up traffic: every request succeeds (scenario A), or 6% are "
    "redirects and 4% mistakes of callers (scenario B). After 60 and after 120 minutes neither a page nor a "
    "ticket may fire; an alert of another severity, such as info, does not count.",
    why="An alert that fires while every request succeeds, or because callers are redirected or make "
    "mistakes, teaches people to ignore it.",
    remedy='Count only answers that are the service\'s own failures (`code=~"5.."`), divide them by '
    "all answers, and alert when that ratio is above the threshold.",
    not_applicable=_NO_ALERT,
    no_data=_NO_DATA,
)
def quiet_in_health(service: ServiceView, _params: NoParams) -> Outcome:
    return _quiet(
        service, "AB", "no alert fires in health, nor for redirects and callers' mistakes"
    )


@check(
    id="PR-03",
    name="An outage pages somebody",
    severity=Severity.C,
    rule="promtool plays the service's rules on made-up traffic. A page fires when every request failed for 10 "
    "minutes (scenario D), and when 20 times the error budget failed for an hour (scenario C; all requests "
    "where that is more than all). They fail with 503, or with 500 where the alerts see 503 alone (gRPC: "
    "Unavailable and Internal). A service with HTTP traffic and no alert fails.",
    why="An alert that is silent when everything fails is worse than none: people trust it.",
    remedy="Page when errors divided by all requests are above 14.4 times the budget over 1h and 5m; "
    'count every failure (`code=~"5.."`: 503 as well as 500), and let no part of the expression need a '
    "request that succeeded.",
    not_applicable=_NO_TRAFFIC,
    no_data=_NO_DATA,
)
def pages_in_an_outage(service: ServiceView, _params: NoParams) -> Outcome:
    return _loud(service, "CD", "an outage and a fast burn page in time", Urgency.PAGE)


@check(
    id="PR-04",
    name="A blip pages nobody, and a page ends with the trouble",
    severity=Severity.H,
    rule="promtool plays the service's rules on made-up traffic. Neither page nor ticket fires 5, 10 and 20 minutes "
    "after twice the error budget began to fail behind 5 clean hours (scenario E), and no page fires 35 "
    "minutes after an hour in which a tenth failed (scenario F). Scenario E is left out where twice the budget "
    "is more than all requests.",
    why="People are woken for what needs nobody, or are paged for an hour after it was mended.",
    remedy="Let each page compare a long and a short window with one threshold: the long one says that "
    "it matters, the short one that it still goes on.",
    not_applicable=_NO_ALERT,
    no_data=_NO_DATA,
)
def quiet_after_a_blip(service: ServiceView, _params: NoParams) -> Outcome:
    return _quiet(service, "EF", "a blip fires nothing, and the page ends with the trouble")


@check(
    id="PR-05",
    name="A slow burn opens a ticket",
    severity=Severity.M,
    rule="promtool plays the service's rules on made-up traffic. A ticket and no page fires when 4 times the error "
    f"budget failed for 26 hours (scenario G), and when twice the budget failed for {LONGEST} hours (scenario "
    "H); one that is more than all requests is left out. A service with HTTP traffic and no alert fails.",
    why="A few errors for days spend the whole budget; they are to be mended in working hours, which "
    "nobody does who is not told, and nobody should be woken for.",
    remedy="Open a ticket at 3 times the budget over 1d and 2h, and at 1 time over 3d and 6h.",
    not_applicable=_NO_TRAFFIC,
    no_data=_NO_DATA,
)
def tickets_for_a_slow_burn(service: ServiceView, _params: NoParams) -> Outcome:
    return _loud(service, "GH", "a slow burn opens a ticket and pages nobody", Urgency.TICKET)


@check(
    id="PR-06",
    name="Missing metrics are an alert",
    severity=Severity.H,
    rule="promtool plays the service's rules while there are no series at all (scenario I). After 20 minutes some "
    "alert fires that asks for series of the service: by its name, by the name or namespace of a workload, or "
    "for a metric that other rules of it use. A service with HTTP traffic and no alert fails.",
    why="Without series there is no ratio and no alert: a broken scrape, or the loss of the last pod, "
    "looks like health.",
    remedy="Alert on `absent(<the request counter with the service's own labels>)` for 10 minutes. A "
    "service with little traffic that is watched from outside waives this check and says how.",
    not_applicable=_NO_TRAFFIC,
    no_data=f"promtool is not here: {HOW_TO_GET}; or it did not finish in time: score fewer services at once.",
)
def silence_is_an_alert(service: ServiceView, _params: NoParams) -> Outcome:
    if not _has_alerts(service):
        return _without_alerts(service, "when its metrics are missing")
    played = service.surroundings.performances
    stage = played.of(service).silence
    if played.reason:
        return no_data(played.reason)
    findings = Findings(judged=1)
    if stage is None or "I" not in stage.plays:
        first = next(alert for m in service.prometheus_rules for alert in alerts(m))
        findings.missing("no alert asks for a series", first.manifest, *first.keys)
    elif reason := played.why_not_played(stage, "I"):
        return no_data(reason)
    else:
        _judge_silence(service, stage, played.fired(stage, "I"), findings)
    return findings.verdict("missing metrics are an alert", nothing=_NO_ALERT)


def _judge_silence(
    service: ServiceView, stage: Stage, fired: list[Rule], findings: Findings
) -> None:
    if not fired:
        first = next(iter(stage.alerts.values()))
        message = f"no alert fires when {stage.scenarios['I'].words} (scenario I)"
        findings.missing(message, first.manifest, *first.keys)
    elif not any(_misses_its_own(service, rule) for rule in fired):
        message = (
            f"{fired[0].name} misses series of somebody else, and no alert those of the service"
        )
        findings.missing(message, fired[0].manifest, *fired[0].keys)


def _misses_its_own(service: ServiceView, alert: Rule) -> bool:
    """Whether an alert asks for series of the service: by one of its names, or as other rules of it do."""
    names = {service.name} | {
        word for w in service.workloads for word in (w.manifest.name, w.manifest.namespace) if word
    }
    asked = [use.selector for use in service.rulebook.footing(alert).uses]
    others = {
        use.selector.metric
        for rule in service.rules
        if rule.keys != alert.keys or rule.manifest is not alert.manifest
        for use in rule.uses
    }
    return any(
        selector.metric in others
        or any(name in m.value for m in selector.matchers for name in names)
        for selector in asked
    )


def _has_alerts(service: ServiceView) -> bool:
    return any(True for manifest in service.prometheus_rules for _ in alerts(manifest))


def _without_alerts(service: ServiceView, when: str) -> Outcome:
    if service.kind is not ServiceKind.HTTP:
        return not_applicable("no HTTP traffic and no alert")
    owner = next((w.manifest for w in service.http_workloads), None)
    message = f"nobody is told {when}: the service has no alert"
    return failed(Fault(message, owner, path=service.folder or ".", absent=True))


def _quiet(service: ServiceView, letters: str, good: str) -> Outcome:
    """Judge scenarios in which something must not fire: no objective may do wrong."""
    if not _has_alerts(service):
        return not_applicable("the service has no alert")
    return _verdict(service, letters, good, service.surroundings.performances.of(service).acts)


def _loud(service: ServiceView, letters: str, good: str, wanted: Urgency) -> Outcome:
    """Judge scenarios in which something must fire: of several objectives, those that are to.

    An objective without pages beside one that has them is guarded by tickets alone, and the other way
    round: whoever wrote it wanted that.
    """
    if not _has_alerts(service):
        return _without_alerts(service, "of an outage" if "D" in letters else "of a slow burn")
    acts = service.surroundings.performances.of(service).acts
    meant = [act for act in acts if any(urgency(a.labels) is wanted for a in act.alerts)]
    return _verdict(service, letters, good, _without_parts(meant or acts))


def _without_parts(acts: list[Act]) -> list[Act]:
    """Without alerts on some of the failures of which others see them all, such as those on 503 alone."""
    whole = {metric for act in acts if not act.unit.unseen for metric in act.unit.metrics}
    return [act for act in acts if not act.unit.unseen or not act.unit.metrics <= whole]


def _verdict(service: ServiceView, letters: str, good: str, acts: list[Act]) -> Outcome:
    played = service.surroundings.performances
    if played.reason:
        return no_data(played.reason)
    if not acts:
        return no_data(played.of(service).reason)
    findings = Findings()
    for act in acts:
        place = act.alerts[0]
        for reason in {act.why_not_set(letter): None for letter in letters}:
            if reason:
                findings.cannot_tell(reason, place.manifest, *place.keys)
        for letter in letters:
            if act.stage is None or letter not in act.stage.plays:
                continue
            findings.judged += 1
            if reason := played.why_not_played(act.stage, letter):
                findings.cannot_tell(reason, place.manifest, *place.keys)
                continue
            for wrong in played.wrongs(act.stage, letter):
                findings.fault(
                    f"{wrong.message} (scenario {letter})", wrong.alert.manifest, *wrong.alert.keys
                )
    return findings.verdict(good, nothing="the error budget is so large that nothing need fire")
