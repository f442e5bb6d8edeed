"""Grafana dashboards: as JSON files, inside ConfigMaps, and as objects of the Grafana operator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flagstone.core import json_text
from flagstone.policies.manifests.objects import Manifest, mapping, sequence, text_map
from flagstone.scorecards.engine.prometheus.promql import parsed

OPERATOR = "grafana.integreatly.org"
Keys = tuple[str | int, ...]

_PLACE = re.compile(
    r"\$\{(?P<braced>\w+)(?:[:.][^}]*)?\}|\$(?P<bare>\w+)|\[\[(?P<old>\w+)(?::\w+)?\]\]"
)
_BUILT_IN = {
    "__rate_interval": "5m",
    "__interval": "1m",
    "__range": "1h",
    "__range_s": "3600",
    "__range_ms": "3600000",
    "__interval_ms": "60000",
    "__from": "1700000000000",
    "__to": "1700000000000",
}
_NUMBER_NEXT = re.compile(
    r"(?:topk|bottomk|limitk|limit_ratio|quantile)\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\($"
)
_STAND_INS = ("x", "1", "5m")
_DEEPEST = 10


@dataclass(frozen=True, eq=False)
class Dashboard:
    """One dashboard.

    Attributes:
        raw: itself, without the wrapper of an export; empty if it could not be read.
        problem: why it could not be read.
        manifest: the object that it stands in; None for a file.
        keys: its place in that object.
        path: the file, if it is one.
    """

    raw: dict[str, Any]
    problem: str
    manifest: Manifest | None
    keys: Keys
    path: str

    @property
    def title(self) -> str:
        place = str(self.keys[-1]) if self.keys else self.path
        return str(self.raw.get("title") or place)

    @cached_property
    def panels(self) -> list[dict[str, Any]]:
        """Its panels, those inside rows too."""
        found: list[dict[str, Any]] = []
        waiting = [(self.raw, 0)]
        while waiting:
            holder, depth = waiting.pop()
            panels = [*map(mapping, sequence(holder.get("panels")))]
            found += panels
            if depth < _DEEPEST:
                inner = [*panels, *map(mapping, sequence(holder.get("rows")))]
                waiting += [(one, depth + 1) for one in inner]
        return found

    @cached_property
    def variables(self) -> dict[str, dict[str, Any]]:
        items = map(mapping, sequence(mapping(self.raw.get("templating")).get("list")))
        return {str(item.get("name")): item for item in items}

    @cached_property
    def queries(self) -> list[Query]:
        """The queries of its panels that go to a Prometheus."""
        return [
            Query(self, str(panel.get("title") or panel.get("id") or "a panel"), target["expr"])
            for panel in self.panels
            for target in map(mapping, sequence(panel.get("targets")))
            if isinstance(target.get("expr"), str)
            and target["expr"].strip()
            and self._asks_prometheus(target.get("datasource") or panel.get("datasource"))
        ]

    def _asks_prometheus(self, source: Any) -> bool:
        text = (
            str(source.get("type") or source.get("uid") or "") if isinstance(source, dict) else ""
        )
        text = text or (source if isinstance(source, str) else "")
        if found := _PLACE.fullmatch(text):
            text = str(self.variables.get(_name(found), {}).get("query") or "prometheus")
        others = (
            "loki",
            "elastic",
            "influx",
            "graphite",
            "tempo",
            "cloudwatch",
            "sql",
            "mimir-log",
        )
        return not any(other in text.lower() for other in others)

    def fixed(self, name: str) -> str | None:
        """The value of a variable that nobody can change."""
        variable = self.variables.get(name, {})
        value = variable.get("query")
        return value if variable.get("type") == "constant" and isinstance(value, str) else None


@dataclass(frozen=True, eq=False)
class Query:
    """The PromQL of one target; its panel's title."""

    dashboard: Dashboard
    panel: str
    text: str

    @cached_property
    def tree(self) -> Any | None:
        """Parsed with the variables put in; None if it is no PromQL whatever they are."""
        for stand_in in _STAND_INS:
            found = parsed(self._filled(stand_in))
            if found is not None:
                return found
        return None

    def _filled(self, stand_in: str) -> str:
        def put(found: re.Match[str]) -> str:
            name = _name(found)
            value = _BUILT_IN.get(name) or self.dashboard.fixed(name)
            if value is not None:
                return value
            before, after = self.text[: found.start()].rstrip(), self.text[found.end() :]
            if _NUMBER_NEXT.search(before):
                return "1"
            if not before.endswith(("[", "offset")) and not re.search(r"\[[^\]]*:\s*$", before):
                return stand_in
            return "5" if after[:1].isalpha() else "5m"

        return _PLACE.sub(put, self.text)


def _name(found: re.Match[str]) -> str:
    return found["braced"] or found["bare"] or found["old"]


def in_object(manifest: Manifest) -> Iterator[Dashboard]:
    """The dashboards in a ConfigMap or a GrafanaDashboard."""
    if manifest.group == OPERATOR:
        text = manifest.spec.get("json")
        if isinstance(text, str):
            yield _read(text, manifest, ("spec", "json"))
        return
    for name, text in text_map(manifest.raw.get("data")).items():
        if not name.endswith(".json") and '"panels"' not in text:
            continue
        found = _read(text, manifest, ("data", name))
        if is_dashboard(found.raw) or (found.problem and is_labelled(manifest)):
            yield found


def is_labelled(manifest: Manifest) -> bool:
    """Whether a sidecar of Grafana may load a ConfigMap."""
    return any("dashboard" in label for label in manifest.labels)


def in_file(path: str, text: str) -> Dashboard:
    raw, problem = _parsed(text)
    return Dashboard(raw, problem, None, (), path)


def _read(text: str, manifest: Manifest, keys: Keys) -> Dashboard:
    raw, problem = _parsed(text)
    return Dashboard(raw, problem, manifest, keys, manifest.path)


def _parsed(text: str) -> tuple[dict[str, Any], str]:
    try:
        value = json_text.loads(text)
    except ValueError as error:
        return {}, f"is no JSON: {error}"
    raw = mapping(value)
    inner = raw.get("dashboard")
    return (inner if isinstance(inner, dict) and "panels" not in raw else raw), ""


def is_dashboard(raw: dict[str, Any]) -> bool:
    has_panels = isinstance(raw.get("panels"), list) or isinstance(raw.get("rows"), list)
    return has_panels and ("schemaVersion" in raw or "title" in raw)
