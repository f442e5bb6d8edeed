"""Charts as SVG: no script, no inline style, readable by a screen reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import pi
from typing import Any

from django import template

from flagstone.web.presentation import METALS, look_of, metal_of, tone_of_score

register = template.Library()

RING_RADIUS = 15.5
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 84, 24, 3


@register.inclusion_tag("components/ring.html")
def ring(score: float | str | None, size: int = 40) -> dict[str, Any]:
    """Draw a score of 100 as a ring with the number inside; without one (a template says "") it is empty."""
    around = 2 * pi * RING_RADIUS
    shown = round(score) if isinstance(score, int | float) else None
    return {
        "score": shown,
        "size": size,
        "radius": RING_RADIUS,
        "dash": f"{around * (shown or 0) / 100:.2f} {around:.2f}",
        "tone": tone_of_score(shown),
    }


@register.inclusion_tag("components/spark.html")
def spark(values: Sequence[float | None], label: str = "trend") -> dict[str, Any]:
    """Draw the course of a value as a line; its colour and its label say whether it rose or fell."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return {"points": "", "label": "too little history for a trend"}
    low, high = min(known), max(known)
    span = (high - low) or 1
    step = (SPARK_WIDTH - 2 * SPARK_MARGIN) / (len(known) - 1)
    height = SPARK_HEIGHT - 2 * SPARK_MARGIN
    points = [
        (SPARK_MARGIN + index * step, SPARK_HEIGHT - SPARK_MARGIN - (value - low) / span * height)
        for index, value in enumerate(known)
    ]
    if low == high:
        points = [(x, SPARK_HEIGHT / 2) for x, _ in points]
    change = round(known[-1]) - round(known[0])
    return {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        "end": (f"{points[-1][0]:.1f}", f"{points[-1][1]:.1f}"),
        "width": SPARK_WIDTH,
        "height": SPARK_HEIGHT,
        "tone": "pass" if change > 0 else "fail" if change < 0 else "none",
        "label": f"{label} from {known[0]:.0f} to {known[-1]:.0f}",
    }


@register.filter
def has_course(values: Sequence[float | None]) -> bool:
    """Tell whether there is enough history for a line."""
    return sum(value is not None for value in values) > 1


@register.inclusion_tag("components/bar.html")
def bar(value: float, of: float = 100, label: str = "", tone: str = "accent") -> dict[str, Any]:
    """Draw a share of a whole."""
    share = max(0.0, min(1.0, value / of)) if of else 0.0
    return {"share": f"{share * 100:.1f}", "label": label or f"{share:.0%}", "tone": tone}


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a stacked bar, in hundredths of its width."""

    css: str
    x: str
    width: str


Spread = Mapping[str, int] | Iterable[tuple[Any, int]]


@register.inclusion_tag("components/stack.html")
def levels(counts: Spread) -> dict[str, Any]:
    """Draw how many services stand on each level as one bar, the best level first."""
    pairs = counts.items() if isinstance(counts, Mapping) else counts
    by_name: dict[str, int] = {}
    for level, number in pairs:
        name = getattr(level, "name", level) or ""
        by_name[name] = by_name.get(name, 0) + number
    ordered = sorted(by_name.items(), key=lambda pair: _rank(pair[0]))
    return _stack([(f"level-{metal_of(name)}", name or "no level", n) for name, n in ordered])


@register.inclusion_tag("components/stack.html")
def states(counts: Mapping[str, int]) -> dict[str, Any]:
    """Draw how many services are in each state of a check as one bar; those it does not concern are left out."""
    shown = [name for name in _DRAWN_STATES if counts.get(name)]
    return _stack([(f"tone-{look_of(s).tone} toned", look_of(s).word, counts[s]) for s in shown])


_DRAWN_STATES = ("pass", "warn", "exempt", "upcoming", "no_data", "error", "fail")


def _rank(level: str) -> int:
    metal = metal_of(level)
    return METALS.index(metal) if metal in METALS else len(METALS)


def _stack(parts: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    """Lay parts (class, word, number) out from left to right, with a gap between them."""
    total, x, slices = sum(number for *_, number in parts), 0.0, []
    for css, _, number in parts:
        width = number / total * 100 if total else 0
        if number:
            slices.append(Slice(css=css, x=f"{x:.2f}", width=f"{max(width - 1, 0.5):.2f}"))
        x += width
    return {"slices": slices, "label": ", ".join(f"{n} {word}" for _, word, n in parts if n)}
