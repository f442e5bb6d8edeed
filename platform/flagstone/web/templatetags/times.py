"""Times as people say them, with the exact time on hover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_UNITS: tuple[tuple[int, str], ...] = (
    (60, "s"),
    (60, "min"),
    (24, "h"),
    (7, "d"),
)


@register.simple_tag
def ago(moment: datetime | None, never: str = "never") -> SafeString | str:
    """Write "2 h ago", or "in 3 d" for what is to come; machines and the pointer get the exact time."""
    if moment is None:
        return never
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        moment.astimezone(UTC).strftime("%a %d %b %Y, %H:%M:%S"),
        relative(moment, timezone.now()),
    )


@register.simple_tag
def lasted(begun: datetime | None, ended: datetime | None = None) -> str:
    """Write how long something took, or has taken so far."""
    if begun is None:
        return ""
    return span((ended or timezone.now()) - begun)


@register.filter
def clock(moment: datetime) -> str:
    """Write the time of day to the second, as logs do."""
    return moment.astimezone(UTC).strftime("%H:%M:%S")


def relative(moment: datetime, now: datetime) -> str:
    """Return the distance of a moment in words; far away it becomes a date."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    if abs(seconds) > timedelta(weeks=8).total_seconds():
        return moment.strftime("%-d %b %Y")
    words = _words(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units: 1.4 s, 48 s, 3 min 05 s, 2 h 10 min."""
    seconds = max(length.total_seconds(), 0.0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def _words(seconds: float) -> str:
    amount = seconds
    for size, unit in _UNITS:
        if amount < size:
            return f"{int(amount)} {unit}"
        amount /= size
    return f"{int(amount)} wk"
