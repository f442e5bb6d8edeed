"""A trial of a policy about probes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flagstone.scorecards.engine.trials import objects, pods
from flagstone.scorecards.engine.trials.pods import beside, changed, container, with_field, without
from flagstone.scorecards.engine.trials.trial import GOOD, Trial
from flagstone.scorecards.engine.trials.verdicts import (
    Case,
    Verdict,
    guarded_kinds,
    joined_negations,
    try_cases,
)

_PROBE = re.compile(r"(?:require)?s?_?(readiness|liveness|startup)(?:_?probes?)?", re.IGNORECASE)
_TIMINGS = {"initialDelaySeconds": 5, "periodSeconds": 10, "failureThreshold": 3}
_SPARES = re.compile(r"exempt|exclude|ignore|inject|skip|allow", re.IGNORECASE)
_SIDECAR_IMAGE = "docker.io/istio/proxyv2:1.29.0"


def try_probes(trial: Trial) -> Verdict:
    judged, in_vain = guarded_kinds(trial, "probes")
    required = _required(trial, judged)
    verdict = try_cases(trial, judged, list(_cases(trial, required)))
    bare = Case("all probes missing", {}, refused=True)
    for kind in in_vain:
        verdict.add(kind, bare, 0)
    _try_others(trial, verdict)
    return verdict


def hint(trial: Trial) -> str:
    return joined_negations(trial, lambda path: path[-1] in pods.PROBES)


def _required(trial: Trial, kinds: list[str]) -> list[str]:
    """The probes that it is meant to require: those its parameters name, else its program.

    Startup probes are required only where a parameter or the policy's answers say so.
    """
    named = [probe for probe in pods.PROBES if probe in set(_named(trial.parameters))]
    if named:
        return named
    noticed = _noticed_alone(trial, kinds[:1])
    written = {word.text for word in trial.words} - {"startupProbe"}
    found = [probe for probe in pods.PROBES if probe in written or probe in noticed]
    return found or list(pods.PROBES[:2])


def _noticed_alone(trial: Trial, kinds: list[str]) -> set[str]:
    specs = {
        (kind, probe): changed(trial.good, without(probe))
        for kind in kinds
        for probe in pods.PROBES
    }
    good = {(kind, GOOD): trial.good for kind in kinds}
    answers = trial.answers(specs | good)
    return {
        probe
        for (kind, probe), answer in answers.items()
        if not answer.failure and answer.anywhere > answers[kind, GOOD].anywhere
    }


def _named(value: Any) -> Iterator[str]:
    """The probes that parameters name: as a text, or as a field that is not switched off."""
    if isinstance(value, str):
        found = _PROBE.fullmatch(value)
        if found:
            yield f"{found[1].lower()}Probe"
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if item is True:
                yield from _named(key)
            elif not _SPARES.search(key):
                yield from _named(item)


def _cases(trial: Trial, required: list[str]) -> Iterator[Case]:
    handler = trial.handler
    for probe in required:
        name = probe.removesuffix("Probe")
        yield Case(f"{name} probe missing", changed(trial.good, without(probe)), refused=True)
        empty = changed(trial.good, with_field(probe, {}))
        yield Case(f"{name} probe is {{}}", empty, refused=True)
        timings = changed(trial.good, with_field(probe, dict(_TIMINGS)))
        yield Case(f"{name} probe has timings and no handler", timings, refused=True)
        second = changed(trial.good, beside("containers", container("second", handler), probe))
        yield Case(f"{name} probe of the second container missing", second, refused=True)
    if len(required) > 1:
        names = " and ".join(probe.removesuffix("Probe") for probe in required)
        missing = changed(trial.good, without(*required))
        yield Case(f"{names} probe missing", missing, refused=True)
    other = container("prepare", handler)
    init = changed(trial.good, beside("initContainers", other, *pods.PROBES))
    yield Case("an init container without probes", init, refused=False)
    yield _sidecar(trial)


def _sidecar(trial: Trial) -> Case:
    """A container that others inject, by a name or an image that the policy spares."""
    spared = [
        (key, next((item for item in value if isinstance(item, str)), ""))
        for key, value in trial.parameters.items()
        if _SPARES.search(key) and isinstance(value, list)
    ]
    other = container("istio-proxy", trial.handler) | {"image": _SIDECAR_IMAGE}
    title = "an injected istio-proxy without probes"
    for key, value in spared:
        if value:
            field = "image" if "image" in key.lower() else "name"
            other[field] = value.replace("*", "x")
            title = f"{other[field]}, which {key} spares, without probes"
    pod = changed(trial.good, beside("containers", other, *pods.PROBES))
    return Case(title, pod, refused=False, grave=bool(spared))


def _try_others(trial: Trial, verdict: Verdict) -> None:
    """Rollouts that borrow their pods have no probes of their own; Jobs need none."""
    if trial.looks_at("Rollout"):
        answer = trial.answer(objects.borrowing_rollout(trial.place))
        case = Case("a Rollout with a workloadRef", {}, refused=False)
        if answer.failure is None:
            verdict.add("Rollout", case, max(answer.matched - trial.usual("Rollout"), 0))
    case = Case("a Job without probes", {}, refused=False)
    for kind in trial.sensitive("probes"):
        if kind in objects.JOBS and trial.constraint is not None and trial.looks_at(kind):
            verdict.add(kind, case, 1)
