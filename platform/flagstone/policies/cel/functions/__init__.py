"""The functions that a CEL expression may call: the language's own, and Kubernetes' libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flagstone.policies.cel.functions import (
    core,
    formatting,
    lists,
    names,
    networks,
    patterns,
    quantities,
    strings,
    times,
    versions,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **core.FUNCTIONS,
    **times.FUNCTIONS,
    **strings.FUNCTIONS,
    **formatting.FUNCTIONS,
    **lists.FUNCTIONS,
    **patterns.FUNCTIONS,
    **quantities.FUNCTIONS,
    **versions.FUNCTIONS,
    **networks.FUNCTIONS,
    **names.FUNCTIONS,
}
NAMESPACES = frozenset(name.partition(".")[0] for name in FUNCTIONS if "." in name)
TYPES = {
    **{name: name for name in ("int", "uint", "double", "bool", "string", "bytes", "list", "map")},
    **{name: name for name in ("null_type", "type", "optional_type")},
    "google.protobuf.Timestamp": "google.protobuf.Timestamp",
    "google.protobuf.Duration": "google.protobuf.Duration",
    "net.IP": "net.IP",
    "net.CIDR": "net.CIDR",
}
