"""One measured target, and the page of all of them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Result:
    """A measurement against its target.

    Attributes:
        name: What was done, and over what.
        value: The measured ratio or amount.
        unit: Empty for a ratio.
        target: The bound; None where the issue asks for the number only.
        at_most: Whether the target is an upper bound.
        detail: The raw numbers behind it.
    """

    name: str
    value: float
    detail: str
    unit: str = ""
    target: float | None = None
    at_most: bool = True

    @property
    def met(self) -> bool:
        if self.target is None:
            return True
        return (operator.le if self.at_most else operator.ge)(self.value, self.target)

    @property
    def bound(self) -> str:
        return (
            "none"
            if self.target is None
            else f"{'≤' if self.at_most else '≥'} {self.target:g}{self.unit}"
        )

    def line(self) -> str:
        verdict = "" if self.target is None else ("  met" if self.met else "  MISSED")
        return f"{self.name}: {self.value:.2f}{self.unit} (target {self.bound}){verdict}\n    {self.detail}"


def as_markdown(results: Sequence[Result], *, machine: str, day: date) -> str:
    rows = "\n".join(_row(result) for result in results)
    return (
        "# Benchmarks\n\n"
        f"Written by `make bench` on {day.isoformat()}. Machine: {machine}.\n"
        "Both sides of a ratio are measured in the same run, in turn; the median of the runs is given.\n\n"
        f"| what | measured | target | met | raw |\n| --- | --- | --- | --- | --- |\n{rows}\n"
    )


def _row(r: Result) -> str:
    met = "" if r.target is None else "yes" if r.met else "**no**"
    return f"| {r.name} | {r.value:.2f}{r.unit} | {r.bound} | {met} | {r.detail} |"
