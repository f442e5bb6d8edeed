"""The analyses of a Rollout: where they run, with which templates, arguments and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from flagstone.policies.manifests.durations import go_duration
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.index import Index

ARGO = "argoproj.io"
Role = Literal["background", "step", "experiment", "before promotion", "after promotion", "none"]
Keys = tuple[str | int, ...]

# What the controller writes for podTemplateHashValue: no real hash looks like these.
CANARY_HASH = "hash-of-the-canary"
STABLE_HASH = "hash-of-the-stable"
SECRET = "value-of-a-secret"  # noqa: S105 stands for one

_PLACE = re.compile(r"\{\{\s*(?P<name>[^{}]+?)\s*\}\}")
_MOST_NESTED = 20
_CANARY: Keys = ("spec", "strategy", "canary")
_BLUE_GREEN: Keys = ("spec", "strategy", "blueGreen")


def references(rollout: Manifest) -> Iterator[tuple[Role, int | None, Keys, dict[str, Any]]]:
    """Each analysis that a Rollout asks for: its role, its step, its place and what it says."""
    canary = mapping(rollout.at(*_CANARY))
    yield "background", None, (*_CANARY, "analysis"), mapping(canary.get("analysis"))
    for i, step in enumerate(map(mapping, sequence(canary.get("steps")))):
        keys: Keys = (*_CANARY, "steps", i)
        yield "step", i, (*keys, "analysis"), mapping(step.get("analysis"))
        for j, item in enumerate(sequence(dig(step, "experiment", "analyses"))):
            yield "experiment", i, (*keys, "experiment", "analyses", j), mapping(item)
    blue_green = mapping(rollout.at(*_BLUE_GREEN))
    before, after = "prePromotionAnalysis", "postPromotionAnalysis"
    yield "before promotion", None, (*_BLUE_GREEN, before), mapping(blue_green.get(before))
    yield "after promotion", None, (*_BLUE_GREEN, after), mapping(blue_green.get(after))


def named_templates(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """The template references of an analysis, or of a template that consists of others."""
    return [*map(mapping, sequence(raw.get("templates")))] or [raw]


def template(index: Index, near: Manifest, reference: dict[str, Any]) -> Manifest | None:
    """The template that a reference names, the nearest of that name."""
    name = str(reference.get("templateName") or "")
    if reference.get("clusterScope") is True:
        found = index.everywhere(ARGO, "ClusterAnalysisTemplate", name)
    else:
        found = index.named(ARGO, "AnalysisTemplate", name, near=near)
    return found[0] if found else None


def all_templates(index: Index, near: Manifest, raw: dict[str, Any]) -> list[Manifest]:
    """The templates of an analysis that are in view, and those that they consist of."""
    found: dict[Manifest, None] = {}
    waiting = [(near, reference) for reference in named_templates(raw)]
    while waiting and len(found) < _MOST_NESTED:
        holder, reference = waiting.pop(0)
        one = template(index, holder, reference)
        if one is not None and one not in found:
            found[one] = None
            waiting += [(one, mapping(r)) for r in sequence(one.spec.get("templates"))]
    return list(found)


def templates_of(index: Index, rollout: Manifest) -> list[Manifest]:
    """Every template in view that a Rollout uses."""
    found = [t for _, _, _, raw in references(rollout) for t in all_templates(index, rollout, raw)]
    return list(dict.fromkeys(found))


class Analysis:
    """One run of some templates, or a template that nothing in view runs.

    Attributes:
        rollout: who asks for it; None for a template alone.
        role: when it runs.
        step: the number of the step that it is; None for others.
        keys: its place in the Rollout.
        raw: what the Rollout says of it.
        templates: the templates that are in view.
    """

    def __init__(
        self,
        templates: list[Manifest],
        *,
        rollout: Manifest | None = None,
        role: Role = "none",
        step: int | None = None,
        keys: Keys = (),
        raw: dict[str, Any] | None = None,
    ) -> None:
        self.templates = templates
        self.rollout = rollout
        self.role = role
        self.step = step
        self.keys = keys
        self.raw = raw or {}

    @cached_property
    def arguments(self) -> dict[str, str]:
        """The value of each argument that is known."""
        found: dict[str, str] = {}
        for one in self.templates:
            found |= _values(one.spec.get("args"))
        return found | _values(self.raw.get("args"))

    @cached_property
    def metrics(self) -> list[Metric]:
        return [
            Metric(one, ("spec", "metrics", i), mapping(raw), self)
            for one in self.templates
            for i, raw in enumerate(sequence(one.spec.get("metrics")))
        ]

    @cached_property
    def dry(self) -> list[str]:
        """The patterns of metrics whose measurements change nothing."""
        holders = [self.raw, *(one.spec for one in self.templates)]
        runs = [mapping(run) for holder in holders for run in sequence(holder.get("dryRun"))]
        return [str(run.get("metricName")) for run in runs]


def analyses(index: Index, rollout: Manifest) -> Iterator[Analysis]:
    """The analyses of a Rollout whose templates are in view, at least one of them."""
    for role, step, keys, raw in references(rollout):
        found = all_templates(index, rollout, raw) if raw else []
        if found:
            yield Analysis(found, rollout=rollout, role=role, step=step, keys=keys, raw=raw)


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric of a template, as one analysis runs it."""

    template: Manifest
    keys: Keys
    raw: dict[str, Any]
    analysis: Analysis

    @property
    def name(self) -> str:
        return str(self.raw.get("name") or f"metric {self.keys[-1]}")

    @cached_property
    def provider(self) -> str:
        """The provider's name, as the template writes it; "" without one."""
        return next(iter(mapping(self.raw.get("provider"))), "")

    @property
    def settings(self) -> dict[str, Any]:
        return mapping(dig(self.raw, "provider", self.provider))

    @cached_property
    def is_dry(self) -> bool:
        """Whether it is a trial: `dryRun` names it, or a pattern in which only `.*` is special."""
        patterns = [p.split(".*") for p in self.analysis.dry]
        return any(
            re.fullmatch(".*".join(map(re.escape, parts)), self.name)
            for parts in patterns
            if len(parts) <= 3
        )

    @cached_property
    def conditions(self) -> tuple[str, str]:
        """The conditions of success and failure with the arguments put in; "" where there is none."""
        fields = ("successCondition", "failureCondition")
        texts = [str(self.raw.get(field) or "").strip() for field in fields]
        return self._filled(texts[0], "1"), self._filled(texts[1], "1")

    @cached_property
    def query(self) -> str:
        """The PromQL query with the arguments put in, and `x` or 5m for those that are not known."""
        return self._filled(str(self.settings.get("query") or ""), "x").strip()

    def unknown_arguments(self, *fields: str) -> list[str]:
        """The arguments without a known value in some of the provider's settings or own fields."""
        texts = [str(self.settings.get(field, self.raw.get(field, ""))) for field in fields]
        names = [found["name"] for text in texts for found in _PLACE.finditer(text)]
        known = self.analysis.arguments
        return [name for name in dict.fromkeys(names) if _argument(name, known) is None]

    def filled(self, value: Any) -> str:
        """A text with the arguments put in."""
        return self._filled(str(value), "x")

    def count(self) -> int | None:
        """How often it measures: 0 or no count is once without an interval, else without end.

        None: without end, or an argument decides that is not known.
        """
        given = self._number("count")
        if given == 0:
            return None if self.raw.get("interval") else 1
        return given

    def limit(self, field: str) -> int | None:
        """A whole number of the metric, 0 if it is not there; None if it cannot be told."""
        return self._number(field)

    @property
    def interval(self) -> float | None:
        """Seconds between two measurements; None without an interval."""
        return go_duration(self.filled(self.raw.get("interval")))

    @property
    def delay(self) -> float:
        """Seconds until the first measurement."""
        return go_duration(self.filled(self.raw.get("initialDelay"))) or 0.0

    def _number(self, field: str) -> int | None:
        value = self.raw.get(field)
        try:
            return 0 if value is None else int(self.filled(value))
        except ValueError:
            return None

    def _filled(self, text: str, unknown: str) -> str:
        known = self.analysis.arguments

        def put(found: re.Match[str]) -> str:
            value = _argument(found["name"], known)
            return _neutral(text, found, unknown) if value is None else value

        return _PLACE.sub(put, text)


def _argument(name: str, known: dict[str, str]) -> str | None:
    if name.startswith("templates.") and name.endswith(".podTemplateHash"):
        return CANARY_HASH  # of an Experiment's own pods
    return known.get(name.removeprefix("args.").strip()) if name.startswith("args.") else None


def _neutral(text: str, found: re.Match[str], unknown: str) -> str:
    """A stand-in that keeps a query well-formed: a duration where only a duration can stand."""
    before = text[: found.start()].rstrip()
    if not before.endswith(("[", ":", "offset")):
        return unknown
    return "5" if text[found.end() : found.end() + 1].isalpha() else "5m"


def _values(arguments: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for argument in map(mapping, sequence(arguments)):
        value = argument.get("value")
        source = mapping(argument.get("valueFrom"))
        hashes = {"Latest": CANARY_HASH, "Stable": STABLE_HASH}
        field = str(dig(source, "fieldRef", "fieldPath") or "")
        if value not in (None, ""):
            found[str(argument.get("name"))] = str(value)
        elif (pods := str(source.get("podTemplateHashValue"))) in hashes:
            found[str(argument.get("name"))] = hashes[pods]
        elif source.get("secretKeyRef"):
            found[str(argument.get("name"))] = SECRET
        elif field in {"status.currentPodHash", "status.stableRS"}:
            found[str(argument.get("name"))] = (
                STABLE_HASH if field == "status.stableRS" else CANARY_HASH
            )
    return found
