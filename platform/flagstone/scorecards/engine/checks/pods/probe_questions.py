"""What a probe asks, in one form, however it is written."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.workloads import PROBE_HANDLERS, Container

_DEFAULTS: dict[str, dict[str, Any]] = {
    "httpGet": {"path": "/", "scheme": "HTTP", "host": ""},
    "tcpSocket": {"host": ""},
    "grpc": {"service": ""},
    "exec": {},
}


def question(container: Container, probe: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The handlers of a probe with the defaults of the API and the numbers of named ports."""
    found: dict[str, dict[str, Any]] = {}
    for handler in PROBE_HANDLERS:
        given = mapping(probe.get(handler))
        if given:
            said = {field: value for field, value in given.items() if value not in (None, "")}
            found[handler] = {**_DEFAULTS[handler], **said}
            if "port" in said:
                found[handler]["port"] = _number(container, said["port"])
            if handler == "httpGet":
                found[handler]["httpHeaders"] = _headers(said.get("httpHeaders"))
    return found


def _number(container: Container, port: Any) -> Any:
    """The number of a port; what was written if the container has no port of that name."""
    for own in map(mapping, sequence(container.raw.get("ports"))):
        if isinstance(port, str) and own.get("name") == port:
            return own.get("containerPort")
    return port


def _headers(given: Any) -> list[tuple[str, str]]:
    headers = map(mapping, sequence(given))
    return sorted((str(one.get("name")).lower(), str(one.get("value"))) for one in headers)
