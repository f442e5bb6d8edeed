"""PR-01 and PR-09: rules that Prometheus accepts, and alerts that reach somebody with help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.scorecards.engine.outcome import Findings, Outcome, no_data, not_applicable
from flagstone.scorecards.engine.prometheus.alert_rules import AlertRule, alerts, web_address
from flagstone.scorecards.engine.prometheus.promtool import (
    HOW_TO_GET,
    Complaint,
    is_of_an_older_promtool,
)
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_RULES = "the service has no PrometheusRule"


@check(
    id="PR-01",
    name="Prometheus accepts the rules",
    severity=Severity.C,
    rule="The spec of each PrometheusRule of the service is given to `promtool check rules`, which must find "
    "nothing wrong.",
    why="A rule file with one error is not loaded at all: every alert in it is off.",
    remedy="Mend what promtool names; `promtool check rules` reads the object's .spec.",
    not_applicable="The service has no PrometheusRule.",
    no_data=f"promtool is not here: {HOW_TO_GET}; or it is older than a function that a rule uses: take a "
    "later one.",
)
def accepted(service: ServiceView, _params: NoParams) -> Outcome:
    rules = service.prometheus_rules
    if not rules:
        return not_applicable(_NO_RULES)
    promtool = service.surroundings.promtool
    if promtool.reason:
        return no_data(promtool.reason)
    findings = Findings()
    for manifest in rules:
        findings.judged += 1
        for complaint in promtool.of(manifest):
            place = _place(manifest, complaint)
            if is_of_an_older_promtool(complaint):
                message = f"{complaint.reason}: a later promtool than the one here knows it"
                findings.cannot_tell(message, manifest, *place)
            else:
                findings.fault(complaint.reason, manifest, *place)
    return findings.verdict("promtool accepts every rule", nothing=_NO_RULES)


def _place(manifest: Manifest, complaint: Complaint) -> tuple[str | int, ...]:
    groups = sequence(manifest.spec.get("groups"))
    for position, group in enumerate(map(mapping, groups)):
        if complaint.rule is not None and str(group.get("name")) == complaint.group:
            return ("spec", "groups", position, "rules", complaint.rule)
    return ("spec", "groups")


@dataclass(frozen=True, slots=True)
class AlertParams:
    """What Alertmanager knows.

    Attributes:
        severities: the values of the label `severity` that it routes to somebody, beside those that a route in
            view names.
    """

    severities: tuple[str, ...] = ("page", "ticket")


@check(
    id="PR-09",
    name="Every alert is routed and has a runbook",
    severity=Severity.M,
    rule=f"Each alert has a label severity that is one of `severities` ({', '.join(AlertParams().severities)}) or "
    "named by a route of an AlertmanagerConfig in view, an annotation summary, and a runbook_url with http or "
    "https. Its #anchor is a heading of the service's runbook, where there is a runbook.",
    why="An alert whose severity no route knows reaches nobody; one without a runbook reaches "
    "somebody who does not know what to do.",
    remedy="Give each alert the label severity (page or ticket, or one that a route of an AlertmanagerConfig "
    "names), and the annotations summary and "
    "runbook_url, whose #anchor is a heading of the runbook.",
    not_applicable="The service has no alert.",
    no_data=unrendered("The rules are"),
    params=AlertParams,
)
def routed_with_runbook(service: ServiceView, params: AlertParams) -> Outcome:
    findings = Findings()
    for manifest in service.prometheus_rules:
        told = service.surroundings.alert_routes.severities(manifest.namespace)
        routed = (*params.severities, *sorted(told - {*params.severities}))
        for alert in alerts(manifest):
            findings.judged += 1
            for message, keys in _problems(service, alert, routed):
                findings.fault(f"{alert.name} {message}", manifest, *alert.keys, *keys)
    return findings.verdict(
        "every alert is routed and has a runbook", nothing="the service has no alert"
    )


def _problems(
    service: ServiceView, alert: AlertRule, routed: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    severity = alert.labels.get("severity", "")
    if severity not in routed:
        said = f"has the severity {severity!r}" if severity else "has no severity"
        yield f"{said}: routed are {', '.join(routed)}", ("labels", "severity")
    if not alert.annotations.get("summary", "").strip():
        yield "has no summary", ("annotations", "summary")
    url = alert.annotations.get("runbook_url", "")
    problem = _url_problem(service, url)
    if problem:
        yield problem, ("annotations", "runbook_url")


def _url_problem(service: ServiceView, text: str) -> str:
    if not text:
        return "has no runbook_url"
    url = web_address(text)
    if url is None:
        return f"has a runbook_url that is not http(s): {text}"
    runbook = service.runbook
    if url.fragment and runbook and url.fragment not in runbook.anchors:
        return f"names the anchor #{url.fragment}, which {runbook.path} does not have"
    return ""
