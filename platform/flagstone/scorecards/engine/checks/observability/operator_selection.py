"""PR-10 and SM-04: whether the platform's Prometheus loads what the service has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping
from flagstone.policies.manifests.selectors import matches
from flagstone.scorecards.engine.outcome import Findings, Outcome, not_applicable
from flagstone.scorecards.engine.prometheus.alert_rules import GROUP
from flagstone.scorecards.engine.registry import check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_UNKNOWN = (
    "which labels the platform's Prometheus asks for is not known: no Prometheus object is in view, "
    "and the scorecard names none"
)
_RULERS = ("Prometheus", "ThanosRuler")
_SCRAPERS = ("Prometheus", "PrometheusAgent")
_SCRAPES = frozenset(
    f"{field}Selector" for field in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig")
)


@dataclass(frozen=True, slots=True)
class RuleSelection:
    """What the platform's Prometheus asks for, where its own object is in no repository.

    Attributes:
        labels: each `name=value`; none if the Prometheus objects in view say it.
    """

    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitorSelection:
    """What the platform's Prometheus asks for, where its own object is in no repository.

    Attributes:
        labels: each `name=value`; none if the Prometheus objects in view say it.
    """

    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who loads objects of one kind, none without a selector; `holder` is None if the scorecard says it."""

    selector: dict[str, Any] | None
    namespaces: Any
    holder: Manifest | None


@check(
    id="PR-10",
    name="Prometheus loads the rules",
    severity=Severity.C,
    rule=f"Some {' or '.join(_RULERS)} in view has a ruleSelector that matches the labels of each PrometheusRule, "
    "and a ruleNamespaceSelector that covers its namespace; or, where `labels` is set, the rule has these. A "
    "selector that is left out takes nothing (of namespaces: its own), an empty one takes everything.",
    why="The operator loads a PrometheusRule only if the ruleSelector of a Prometheus matches its "
    "labels; any other is accepted by the cluster and never looked at.",
    remedy="Give the PrometheusRule the labels that spec.ruleSelector of the platform's Prometheus asks "
    "for, such as release: kube-prometheus-stack, in a namespace that it looks into.",
    not_applicable="The service has no PrometheusRule; Prometheus loads all of them; or what it asks "
    "for is not known: neither is its Prometheus object in view, nor do the check's params say it.",
    no_data="Whether a Prometheus looks into their namespace depends on labels that are not in view: score a "
    f"folder that holds the Namespace too. Or {unrendered('the rules are')}",
    params=RuleSelection,
)
def rules_are_loaded(service: ServiceView, params: RuleSelection) -> Outcome:
    readers = list(_readers(service, _RULERS, "rule", params.labels))
    parts = [(manifest, readers) for manifest in service.prometheus_rules]
    return _verdict(service, parts, "PrometheusRule")


@check(
    id="SM-04",
    name="Prometheus loads the monitor",
    severity=Severity.C,
    rule=f"Some {' or '.join(_SCRAPERS)} in view has a serviceMonitorSelector (podMonitorSelector for a PodMonitor) "
    "that matches the labels of each monitor, and a namespace selector that covers its namespace; or, where "
    "`labels` is set, the monitor has these. A selector that is left out takes nothing (of namespaces: its "
    "own), an empty one takes everything.",
    why="The operator uses a ServiceMonitor only if the serviceMonitorSelector of a Prometheus matches "
    "its labels; any other makes no target and no error.",
    remedy="Give the ServiceMonitor the labels that spec.serviceMonitorSelector (podMonitorSelector for "
    "a PodMonitor) of the platform's Prometheus asks for, in a namespace that it looks into.",
    not_applicable="The service has no monitor; Prometheus loads all of them; or what it asks for is "
    "not known: neither is its Prometheus object in view, nor do the check's params say it.",
    no_data="Whether a Prometheus looks into its namespace depends on labels that are not in view: score a "
    f"folder that holds the Namespace too. Or {unrendered('the monitor is')}",
    params=MonitorSelection,
)
def monitor_is_loaded(service: ServiceView, params: MonitorSelection) -> Outcome:
    parts = [
        (manifest, readers)
        for kind, field in (("ServiceMonitor", "serviceMonitor"), ("PodMonitor", "podMonitor"))
        for readers in [list(_readers(service, _SCRAPERS, field, params.labels))]
        for manifest in service.of_kind(kind, GROUP)
    ]
    return _verdict(service, parts, "monitor")


def _readers(
    service: ServiceView, kinds: tuple[str, ...], field: str, labels: tuple[str, ...]
) -> Iterator[_Reader]:
    """Those that select anything: a selector that is left out asks for nothing, `{}` for everything.

    Where none has one, each of them says so; but without any selector at all the operator leaves the scraping to
    a configuration of somebody's own.
    """
    if labels:
        pairs = dict(label.partition("=")[::2] for label in labels)
        yield _Reader({"matchLabels": pairs}, {}, None)
        return
    holders = [one for kind in kinds for one in service.index.of_kind(kind, GROUP)]
    found = [
        _Reader(selector, holder.spec.get(f"{field}NamespaceSelector"), holder)
        for holder in holders
        if isinstance(selector := holder.spec.get(f"{field}Selector"), dict)
    ]
    given = [h for h in holders if field == "rule" or _SCRAPES.intersection(h.spec)]
    yield from found or (_Reader(None, None, holder) for holder in given)


def _verdict(
    service: ServiceView, parts: list[tuple[Manifest, list[_Reader]]], what: str
) -> Outcome:
    if not parts:
        return not_applicable(f"the service has no {what}")
    narrow = [(m, readers) for m, readers in parts if readers and not any(map(_all, readers))]
    if not narrow:
        known = any(readers for _, readers in parts)
        reason = f"the platform's Prometheus loads every {what}" if known else _UNKNOWN
        return not_applicable(reason, certain=True)
    findings = Findings()
    for manifest, readers in narrow:
        findings.judged += 1
        looked = [_looks(service, reader, manifest) for reader in readers]
        if True in looked:
            continue
        if None in looked:
            message = f"whether Prometheus looks into namespace {manifest.namespace} is not in view"
            findings.cannot_tell(message, manifest, "metadata", "namespace")
        else:
            findings.fault(_message(manifest, readers), manifest, "metadata", "labels")
    return findings.verdict(f"Prometheus loads each {what}", nothing=_UNKNOWN)


def _all(reader: _Reader) -> bool:
    return reader.selector == {} and reader.namespaces == {}


def _looks(service: ServiceView, reader: _Reader, manifest: Manifest) -> bool | None:
    """Whether it loads the object; None if labels of the namespace decide that are not in view."""
    if reader.selector is None or not matches(reader.selector, manifest.labels):
        return False
    if reader.holder is None or reader.namespaces == {} or not manifest.namespace:
        return True
    if not isinstance(reader.namespaces, dict):  # left out: its own namespace
        own = reader.holder.namespace
        return not own or own == manifest.namespace
    labels = service.surroundings.namespace_labels.get(manifest.namespace)
    named = {"kubernetes.io/metadata.name": manifest.namespace}
    if labels is None:
        return True if matches(reader.namespaces, named) else None
    return matches(reader.namespaces, named | labels)


def _message(manifest: Manifest, readers: list[_Reader]) -> str:
    reader = next(
        (r for r in readers if r.selector is None or not matches(r.selector, manifest.labels)),
        readers[0],
    )
    who = reader.holder.ref if reader.holder else "the platform's Prometheus"
    if reader.selector is None:
        return f"it is never loaded: {who} has no selector for a {manifest.kind}"
    if matches(reader.selector, manifest.labels):
        return f"{who} does not look into namespace {manifest.namespace}, so it is never loaded"
    pairs = mapping(reader.selector.get("matchLabels"))
    wanted = ", ".join(f"{label}: {value}" for label, value in pairs.items())
    asked = wanted or "labels that it does not have"
    return f"it is never loaded: {who} asks for {asked}"
