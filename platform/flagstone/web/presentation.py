"""How a state looks and is called: one table for checks, jobs, steps, pull requests and entities.

A state is told by its mark and its word; the tone (colour) only repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["pass", "warn", "fail", "none", "accent"]


@dataclass(frozen=True, slots=True)
class Look:
    """Tone, icon (a heroicons "mini" name) and word of a state."""

    tone: Tone
    icon: str
    word: str
    turning: bool = False


CHECK_LOOKS: dict[str, Look] = {
    "pass": Look("pass", "check", "pass"),
    "warn": Look("warn", "exclamation-triangle", "warn"),
    "fail": Look("fail", "x-mark", "fail"),
    "not_applicable": Look("none", "minus", "not applicable"),
    "no_data": Look("none", "question-mark-circle", "no data"),
    "error": Look("fail", "bug-ant", "check broke"),
    "exempt": Look("accent", "shield-check", "exempt"),
    "upcoming": Look("none", "calendar", "upcoming"),
}

WORK_LOOKS: dict[str, Look] = {
    "queued": Look("none", "clock", "queued"),
    "waiting": Look("none", "clock", "waiting"),
    "running": Look("accent", "arrow-path", "running", turning=True),
    "ready": Look("pass", "check", "ready"),
    "done": Look("pass", "check", "done"),
    "succeeded": Look("pass", "check", "done"),
    "failed": Look("fail", "x-mark", "failed"),
    "skipped": Look("none", "minus", "skipped"),
    "cancelled": Look("none", "no-symbol", "cancelled"),
    "waiting_for_merge": Look("accent", "pause", "waits for the merge"),
    "cancelling": Look("none", "arrow-path", "being cancelled", turning=True),
}

PULL_LOOKS: dict[str, Look] = {
    "open": Look("pass", "arrows-right-left", "open"),
    "draft": Look("none", "pencil", "draft"),
    "merged": Look("accent", "check", "merged"),
    "closed": Look("fail", "x-mark", "closed"),
}

REVIEW_LOOKS: dict[str, Look] = {
    "opened": Look("accent", "arrows-right-left", "opened this"),
    "approved": Look("pass", "check", "approved"),
    "changes_requested": Look("fail", "arrow-uturn-left", "asked for changes"),
    "commented": Look("none", "chat-bubble-left", "commented"),
}

STATUS_LOOKS: dict[str, Look] = {
    "pending": Look("none", "clock", "pending"),
    "success": Look("pass", "check", "success"),
    "failure": Look("fail", "x-mark", "failure"),
}

GATE_LOOKS: dict[str, Look] = {
    "go": Look("pass", "check", "go"),
    "slow": Look("warn", "exclamation-triangle", "slow down"),
    "stop": Look("fail", "hand-raised", "stop"),
}

EXEMPTION_LOOKS: dict[str, Look] = {
    "exemption_pending": Look("warn", "clock", "to decide"),
    "exemption_approved": Look("accent", "shield-check", "in force"),
    "exemption_rejected": Look("fail", "x-mark", "refused"),
    "exemption_revoked": Look("none", "no-symbol", "revoked"),
    "exemption_expired": Look("none", "calendar", "ended"),
}

ROLLBACK_LOOKS: dict[str, Look] = {
    "rollback_asked": Look("accent", "arrow-path", "on its way", turning=True),
    "rollback_open": Look("accent", "pause", "waits for the merge"),
    "rollback_merged": Look("accent", "arrow-path", "merged, waits for health", turning=True),
    "rollback_healthy": Look("pass", "check", "healthy again"),
    "rollback_unhealthy": Look("fail", "exclamation-triangle", "merged, not healthy"),
    "rollback_unreported": Look("none", "question-mark-circle", "health not reported"),
    "rollback_closed": Look("none", "x-mark", "closed without merging"),
    "rollback_failed": Look("fail", "x-mark", "could not be opened"),
}

OTHER_LOOKS: dict[str, Look] = {
    "orphan": Look("warn", "link-slash", "orphan"),
    "active": Look("pass", "check", "active"),
    "expired": Look("none", "clock", "expired"),
    "revoked": Look("none", "no-symbol", "revoked"),
}

LOOKS: dict[str, Look] = {
    **OTHER_LOOKS,
    **ROLLBACK_LOOKS,
    **EXEMPTION_LOOKS,
    **GATE_LOOKS,
    **STATUS_LOOKS,
    **REVIEW_LOOKS,
    **PULL_LOOKS,
    **WORK_LOOKS,
    **CHECK_LOOKS,
}

# from the best on; a level of another name is shown by its word, without a metal
METALS: tuple[str, ...] = ("gold", "silver", "bronze")


def look_of(state: str) -> Look:
    """Return the look of a state; one that is not in the table shows its own word, quietly."""
    return LOOKS.get(str(state)) or Look("none", "minus", str(state).replace("_", " "))


def metal_of(level: str | None) -> str:
    """Return the metal of a level's name, `none` where there is no level."""
    name = (level or "").strip().lower()
    return name if name in METALS else "none"


def tone_of_score(score: float | None) -> Tone:
    """Return the tone of a score of 100."""
    if score is None:
        return "none"
    if score >= 90:
        return "pass"
    return "warn" if score >= 70 else "fail"
