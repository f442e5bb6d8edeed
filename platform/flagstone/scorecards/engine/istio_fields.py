"""Which fields Istio's DestinationRule and VirtualService have, and where a misplaced one belongs.

A field that the CRD does not know is pruned by the API server: the setting is silently off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from flagstone.policies.schemas.schemas import dotted

GROUP = "networking.istio.io"
KINDS = ("DestinationRule", "VirtualService")
ISTIO_VERSION = "1.30.3"

_DATA = Path(__file__).with_name("istio_fields.yaml")
_RENAMED = {
    "consecutive5xx": "consecutive5xxErrors",
    "consecutiveGatewayFailure": "consecutiveGatewayErrors",
    "consecutiveGatewayFailures": "consecutiveGatewayErrors",
}
_ELSEWHERE = {
    "retries": "a VirtualService's spec.http[] route",
    "timeout": "a VirtualService's spec.http[] route",
    "perTryTimeout": "retries of a VirtualService's spec.http[] route",
    "retryOn": "retries of a VirtualService's spec.http[] route",
    "trafficPolicy": "a DestinationRule's spec",
    "connectionPool": "a DestinationRule's spec.trafficPolicy",
    "outlierDetection": "a DestinationRule's spec.trafficPolicy",
    "subsets": "a DestinationRule's spec",
    "circuitBreaker": "connectionPool and outlierDetection of a DestinationRule's spec.trafficPolicy",
    "circuitBreakers": "connectionPool and outlierDetection of a DestinationRule's spec.trafficPolicy",
    "retryPolicy": "retries of a VirtualService's spec.http[] route",
}


@dataclass(frozen=True, slots=True)
class UnknownField:
    keys: tuple[str | int, ...]
    advice: str

    @property
    def dotted(self) -> str:
        return dotted(self.keys)


def unknown_fields(kind: str, spec: Any) -> Iterator[UnknownField]:
    """Yield every field of a spec that the CRD of that kind does not have."""
    yield from _walk(spec, kind, ("spec",))


def known_fields(type_name: str) -> Any:
    """The fields of a type, nested: None for a plain value, `*` where any key may stand."""
    if type_name == "":
        return None
    if type_name == "Any":
        return {"*": None}
    if type_name.startswith("Map<"):
        return {"*": known_fields(type_name[4:-1])}
    return {field: known_fields(held) for field, held in _types()[type_name].items()}


def _walk(value: Any, type_name: str, keys: tuple[str | int, ...]) -> Iterator[UnknownField]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _walk(item, type_name, (*keys, position))
    if not isinstance(value, dict) or type_name == "Any":
        return
    if type_name.startswith("Map<"):
        for key, item in value.items():
            yield from _walk(item, type_name[4:-1], (*keys, key))
        return
    fields = _types()[type_name]
    for key, item in value.items():
        if key not in fields:
            yield UnknownField((*keys, key), _advice(key, fields))
        elif fields[key]:
            yield from _walk(item, fields[key], (*keys, key))


def _advice(key: str, siblings: dict[str, str]) -> str:
    if _RENAMED.get(key) in siblings:
        return f"the field is called {_RENAMED[key]}"
    if key in _ELSEWHERE:
        return f"it belongs to {_ELSEWHERE[key]}"
    homes = [name for name, fields in _types().items() if key in fields]
    if len(homes) == 1:
        return f"it is a field of {homes[0]}"
    near = get_close_matches(key, siblings, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"the fields here are {', '.join(sorted(siblings))}"


@cache
def _types() -> dict[str, dict[str, str]]:
    """Types by name: field to the type of what it holds, "" for a plain value."""
    data: dict[str, dict[str, str]] = yaml.load(_DATA.read_bytes(), yaml.CSafeLoader)
    return {
        name: {
            **dict.fromkeys(fields.get("_", "").split(), ""),
            **{field: held for field, held in fields.items() if field != "_"},
        }
        for name, fields in data.items()
    }
