"""AT-06, AT-09 and AT-10: how often a metric measures, how much it forgives, and whom it asks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flagstone.policies.manifests.mesh_hosts import CLUSTER_DOMAIN
from flagstone.policies.manifests.objects import dig, mapping, sequence
from flagstone.scorecards.engine.analysis.analyses import SECRET, Analysis, Metric
from flagstone.scorecards.engine.analysis.condition_reader import NotUnderstoodError
from flagstone.scorecards.engine.checks.release.analysis_conditions import is_floor
from flagstone.scorecards.engine.checks.release.analysis_metrics import (
    NO_DATA,
    NOT_APPLICABLE,
    UNRENDERED,
    decide,
    fault,
    real_metrics,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_ENOUGH = 3
_RUN_TO_AN_END = frozenset({"job", "kayenta"})
_ADDRESSES = ("address", "url")
_SECRET_HEADER = re.compile(
    r"(?i).*(?:authorization|cookie|token|secret|password|api[-_]?key|access[-_]?key).*"
)
_HTTP = frozenset({"http", "https"})
# What the second of two labels may be that is no namespace.
_TOP_LEVEL = frozenset({"com", "org", "net", "io", "dev", "cloud", "app", "local", "internal"})


def _inline(analysis: Analysis) -> bool:
    return analysis.role in {"step", "experiment", "before promotion"}


@check(
    id="AT-06",
    name="A gate measures more than once",
    severity=Severity.M,
    rule="Each metric of an analysis step, an experiment or a prePromotionAnalysis must have a count of at "
    f"least {_ENOUGH} and an interval, or a consecutiveSuccessLimit. A count of 0 or none is once "
    "without an interval, and without end with one, which the controller refuses in a step.",
    why="One measurement is one moment: a single bad answer stops a good version, a single good one "
    "lets a bad version pass.",
    remedy="Set count to at least 3 and an interval on the metrics of each analysis step, or a "
    "consecutiveSuccessLimit. count: 0 is no count at all.",
    not_applicable="There is no analysis that blocks: no step, no experiment, no prePromotionAnalysis. "
    "A Job, Kayenta, and a metric that only demands a number of requests, measure once.",
    no_data=f"{NO_DATA} Or an argument without a value in view decides the count: give "
    "it a default.",
)
def measures_often(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for metric in real_metrics(service):
        if not _inline(metric.analysis) or metric.provider in _RUN_TO_AN_END:
            continue
        if _once_is_enough(metric, service):
            continue
        findings.judged += 1
        _check_count(metric, findings)
    return decide(findings, "every gate measures more than once", nothing="no analysis blocks")


def _once_is_enough(metric: Metric, service: ServiceView) -> bool:
    try:
        return is_floor(metric, service)
    except NotUnderstoodError:
        return False


def _check_count(metric: Metric, findings: Findings) -> None:
    if metric.limit("consecutiveSuccessLimit"):
        return
    unknown = metric.unknown_arguments("count", "interval")
    if unknown:
        message = (
            f"{metric.name}: {unknown[0]} decides how often it measures, and has no value in view"
        )
        findings.cannot_tell(message, metric.template, *metric.keys)
        return
    count, given = metric.count(), metric.raw.get("count")
    if count is None and metric.limit("count") is None:
        fault(findings, metric, f"count {given!r} is no number", "count")
    elif count is None:
        said = f"count {given}" if given is not None else "no count"
        message = (
            f"{said} with an interval measures without end: the controller refuses it in a step"
        )
        fault(findings, metric, message, "count")
    elif count < _ENOUGH:
        times = "once" if count == 1 else f"{count} times"
        fault(findings, metric, f"it measures {times} only", "count")
    elif metric.interval is None:
        fault(findings, metric, f"{count} measurements need an interval", "interval")


@dataclass(frozen=True, slots=True)
class FailureParams:
    """How much an analysis may forgive.

    Attributes:
        most_failures: the highest failureLimit.
    """

    most_failures: int = 3


@check(
    id="AT-09",
    name="Few failures are enough",
    severity=Severity.M,
    rule="failureLimit (0 if left out) of each metric, dry runs left out, must be a whole number and at most "
    f"`most_failures`, {FailureParams().most_failures} unless set; one below 0 needs a "
    "consecutiveSuccessLimit. One that is not below the metric's count warns, unless a "
    "consecutiveSuccessLimit is set.",
    why="An analysis that forgives many failures keeps sending users to a bad version; one with "
    "failureLimit -1 forgives all of them.",
    remedy="Set failureLimit to 3 or less (0 is the default), and below the metric's count; -1 only "
    "with a consecutiveSuccessLimit.",
    not_applicable=NOT_APPLICABLE,
    no_data=f"An argument without a value in view decides the limit: give it a default. {UNRENDERED}",
    params=FailureParams,
)
def few_failures(service: ServiceView, params: FailureParams) -> Outcome:
    findings = Findings()
    for metric in real_metrics(service):
        findings.judged += 1
        given, limit = metric.raw.get("failureLimit"), metric.limit("failureLimit")
        successes = metric.limit("consecutiveSuccessLimit")
        unknown = metric.unknown_arguments("failureLimit")
        if unknown:
            message = (
                f"{metric.name}: {unknown[0]} decides its failureLimit, and has no value in view"
            )
            findings.cannot_tell(message, metric.template, *metric.keys, "failureLimit")
        elif limit is None:
            fault(findings, metric, f"failureLimit {given!r} is no whole number", "failureLimit")
        elif limit < 0:
            if not successes:
                fault(
                    findings, metric, f"failureLimit {limit} forgives every failure", "failureLimit"
                )
        elif limit > params.most_failures:
            message = f"failureLimit {limit} is above {params.most_failures}"
            fault(findings, metric, message, "failureLimit")
        elif _never_fails(metric, limit):
            message = f"failureLimit {limit} of {metric.count()} measurements: it can never fail"
            place = (*metric.keys, "failureLimit")
            findings.warn(f"{metric.name}: {message}", metric.template, *place)
    return decide(findings, "few failures are enough")


def _never_fails(metric: Metric, limit: int) -> bool:
    if metric.unknown_arguments("count") or metric.limit("consecutiveSuccessLimit"):
        return False
    count = metric.count()
    return count is not None and limit >= count


@check(
    id="AT-10",
    name="The analysis asks over a safe line",
    severity=Severity.M,
    rule="An `address` or `url` of a provider with plain http must be of a host in the cluster (x, x.namespace, "
    "x.namespace.svc, the same with the cluster's domain, or the pod itself), none may hold a password, "
    "and `insecure` must not be true. A header whose key speaks of authorization, cookies, tokens, "
    "secrets, passwords or keys, and authentication.oauth2.clientSecret, must have their value from an "
    "argument that a Secret fills.",
    why="Numbers that come over plain HTTP from outside, or from a server whose certificate nobody "
    "checks, can be forged by whoever is on the way; a secret in a template is in Git.",
    remedy="Ask a Service of the cluster, or https; leave `insecure` out; take secrets from an "
    "argument with valueFrom.secretKeyRef, or from the provider's `authentication`.",
    not_applicable=f"{NOT_APPLICABLE} No provider has an address, headers or credentials in it.",
    no_data=f"An argument without a value in view is the address: give it a default. {UNRENDERED}",
)
def safe_line(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for metric in real_metrics(service):
        place = ("provider", metric.provider)
        for field in _ADDRESSES:
            if isinstance(metric.settings.get(field), str):
                _check_address(metric, field, findings)
        if metric.settings.get("insecure") is True:
            findings.judged += 1
            message = "insecure: true checks no certificate"
            fault(findings, metric, message, *place, "insecure")
        for keys, name, value in _credentials(metric):
            findings.judged += 1
            if not _from_a_secret(metric, value):
                fault(findings, metric, f"the secret {name} stands in the template", *place, *keys)
    return decide(findings, "it asks over a safe line", nothing="no provider has an address in it")


def _check_address(metric: Metric, field: str, findings: Findings) -> None:
    place = ("provider", metric.provider, field)
    unknown = metric.unknown_arguments(field)
    text = metric.filled(metric.settings[field])
    if unknown and not text.startswith("https://"):
        message = f"{metric.name}: {unknown[0]} decides the address, and has no value in view"
        findings.cannot_tell(message, metric.template, *metric.keys, *place)
        return
    findings.judged += 1
    parts = _parts(text)
    if parts is None or SECRET in text:
        return  # nothing is known of it, or it is a secret itself
    if parts.password and SECRET not in parts.password:
        fault(findings, metric, "the address holds a password", *place)
    if parts.scheme == "http" and not _in_the_cluster(parts.hostname or ""):
        message = f"it asks {parts.hostname} outside of the cluster over plain http"
        fault(findings, metric, message, *place)


def _parts(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if parts.scheme in _HTTP and parts.netloc else None


def _in_the_cluster(host: str) -> bool:
    """`x`, `x.namespace`, `x.namespace.svc`, that with the cluster's domain, or the pod itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        labels = host.removesuffix(".").split(".")
        short = len(labels) == 1 or (len(labels) == 2 and labels[1] not in _TOP_LEVEL)
        return short or ".".join(labels[2:]) in {"svc", CLUSTER_DOMAIN}


def _credentials(metric: Metric) -> Iterator[tuple[tuple[str | int, ...], str, Any]]:
    """What is secret in a provider: its place, its name and its value."""
    for i, header in enumerate(map(mapping, sequence(metric.settings.get("headers")))):
        if _SECRET_HEADER.fullmatch(str(header.get("key"))):
            yield ("headers", i, "value"), str(header["key"]), header.get("value")
    secret = dig(metric.settings, "authentication", "oauth2", "clientSecret")
    if secret is not None:
        yield ("authentication", "oauth2", "clientSecret"), "clientSecret", secret


def _from_a_secret(metric: Metric, value: Any) -> bool:
    """Whether it holds an argument that a Secret fills, or one whose source is not in view."""
    text = str(value)
    used = re.findall(r"\{\{\s*args\.([^{}\s]+)\s*\}\}", text)
    known = metric.analysis.arguments
    return any(known.get(name, SECRET) == SECRET for name in used)
