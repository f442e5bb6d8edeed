"""Answers that a form would let through, chosen to break templates."""

from __future__ import annotations

from typing import Any

AWKWARD_TEXT = 'It\'s "100 %" {{ 7*7 }} {% raw %} ${{ x }}: yes, # no \\ & <b> [a] {b} 😀 zażółć'

AWKWARD: dict[str, dict[str, Any]] = {
    "defaults": {},
    "awkward text": {"description": AWKWARD_TEXT},
    "text that starts like YAML": {"description": "- {a: 1} | > & * ! % @ `"},
    "text of several lines": {"description": "one\ntwo:\n  - three\n---\r\nfour\u2028five"},
    "no system": {"system": "", "owner": "group:default/Payments_Platform.v2"},
    "short references": {"system": "payments", "owner": "payments-platform"},
    "the longest name": {"name": "a" + "-bcd" * 9 + "-99"},
    "numbers in the name": {"name": "oauth2-proxy-3ds"},
    "loosest": {
        "availability": "99.5",
        "latency_ms": "10000",
        "timeout_ms": "15000",
        "retries": "3",
        "first_weight": "20",
        "tier": "3",
        "lifecycle": "experimental",
    },
    "strictest": {
        "availability": "99.95",
        "latency_ms": "10",
        "timeout_ms": "500",
        "retries": "0",
        "min_replicas": "20",
        "peak": "10",
        "first_weight": "5",
        "tier": "1",
    },
}
