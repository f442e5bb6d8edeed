"""The verdict as people read it under a pull request. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flagstone.forge.hosts.markers import hidden_mark
from flagstone.gate.verdict import Decision, Reason

CONTEXT = "flagstone/gate"
MARKER = hidden_mark("verdict")
LONGEST_DESCRIPTION = 140
MOST_REASONS = 50
_HEADLINES = {
    Decision.GO: "✅ **Go**",
    Decision.SLOW: "⚠️ **Slow down**",
    Decision.STOP: "⛔ **Stop**",
}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~@])")
_ZERO_WIDTH_SPACE = "\u200b"


def description(decision: Decision, reasons: Sequence[Reason]) -> str:
    """Return the verdict in a line, the gravest reason first."""
    grave = [reason for reason in reasons if reason.state is decision]
    if not grave:
        return decision.value.capitalize()
    more = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
    room = LONGEST_DESCRIPTION - len(more)
    line = " ".join(f"{decision.value.capitalize()}: {grave[0].title}".split())
    return (line if len(line) <= room else line[: room - 1] + "…") + more


def comment(decision: Decision, reasons: Sequence[Reason], *, head: str, url: str) -> str:
    """Return the comment: the decision, what it rests on, what to do, and where more is told.

    Args:
        decision: The worst of the reasons.
        reasons: Of which those that hold nobody up are left out.
        head: The commit that was judged.
        url: Of Flagstone's page.
    """
    told = [reason for reason in reasons if reason.state is not Decision.GO]
    lines = [f"{_HEADLINES[decision]} for {head[:12]}", ""]
    if told:
        lines += ["| | What | What to do |", "| --- | --- | --- |"]
        lines += [
            f"| {reason.state.value}{', required' if reason.required else ''} "
            f"| {_cell(reason.title)} | {_cell(reason.detail)} |"
            for reason in told[:MOST_REASONS]
        ]
        if len(told) > MOST_REASONS:
            lines.append(f"| | {len(told) - MOST_REASONS} more | see Flagstone |")
    else:
        lines.append("Nothing holds it up any more.")
    lines += ["", f"[Why, in Flagstone]({url}). This comment is kept up to date."]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Return words of files and people as plain text in one cell: they call nobody and format nothing."""
    plain = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return plain.replace("@", f"@{_ZERO_WIDTH_SPACE}")
