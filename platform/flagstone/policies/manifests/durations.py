"""Durations in seconds, in the three ways that manifests write them."""

from __future__ import annotations

import re
from typing import Any

_GO_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_GO_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_GO = re.compile(rf"[-+]?(?:{_GO_PART.pattern})+")
_PAUSE = re.compile(r"[0-9]+")
_PROMETHEUS_UNITS = {
    "y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3,
}  # fmt: skip
_PROMETHEUS = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in _PROMETHEUS_UNITS))


def go_duration(value: Any) -> float | None:
    """Go's form, as Istio and most controllers read it: `800ms`, `1m30s`; None if it is not one."""
    if value == "0":
        return 0.0
    if not isinstance(value, str) or not _GO.fullmatch(value):
        return None
    total = sum(float(number) * _GO_UNITS[unit] for number, unit in _GO_PART.findall(value))
    return -total if value.startswith("-") else total


def pause_duration(value: Any) -> float | None:
    """A Rollout's `pause.duration`: whole seconds as a number or text, or Go's form."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(value)
    if isinstance(value, str) and _PAUSE.fullmatch(value):
        return float(value)
    return go_duration(value)


def prometheus_duration(value: Any) -> float | None:
    """Prometheus' form: `5m`, `1h30m`, `3d`; units from large to small, whole numbers."""
    found = _PROMETHEUS.fullmatch(value) if isinstance(value, str) and value else None
    if found is None:
        return None
    parts = zip(found.groups(), _PROMETHEUS_UNITS.values(), strict=True)
    return sum(float(number) * unit for number, unit in parts if number)
