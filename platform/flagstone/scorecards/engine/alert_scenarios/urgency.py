"""Whether an alert wakes somebody, opens a ticket, or only informs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

_LABELS = ("sloth_severity", "severity", "priority")  # Sloth's own word stands whatever is routed
_PAGE = re.compile(r"page|crit|emerg|fatal|urgent|high|disaster|(p|sev|s)-?[01]$", re.IGNORECASE)
_TICKET = re.compile(
    r"ticket|warn|medium|minor|low|slack|mail|chat|(p|sev|s)-?[2-5]$", re.IGNORECASE
)
_NEITHER = re.compile(r"info|none|debug|watchdog|heartbeat|ok$", re.IGNORECASE)


class Urgency(StrEnum):
    """`either` is of a severity that says nothing, or of none."""

    PAGE = "page"
    TICKET = "ticket"
    NEITHER = "neither"
    EITHER = "either"


def urgency(labels: Mapping[str, str]) -> Urgency:
    for label in _LABELS:
        value = labels.get(label, "").strip()
        for pattern, found in (
            (_PAGE, Urgency.PAGE),
            (_TICKET, Urgency.TICKET),
            (_NEITHER, Urgency.NEITHER),
        ):
            if pattern.match(value):
                return found
    return Urgency.EITHER
