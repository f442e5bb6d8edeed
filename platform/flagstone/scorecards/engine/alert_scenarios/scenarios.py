"""The nine scenarios: what happens, and what must fire.

A page when hours of the budget go, a ticket when days do: after the SRE Workbook's chapter on alerting
on SLOs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

A_MINUTE = (
    2_000_000  # requests, so that the smallest share is many, whatever traffic an alert asks for
)


LONGEST = 74  # hours
NEED_A_BUDGET = frozenset("CEGH")  # the letters of those that a budget makes


@dataclass(frozen=True, slots=True)
class Phase:
    """For so many minutes, these shares of the requests were answered in another way than well."""

    minutes: int
    bad: float = 0.0
    moved: float = 0.0
    mistaken: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What has to be seen after so many minutes; None: it does not matter."""

    minute: int
    page: bool | None
    ticket: bool | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One of the nine.

    Attributes:
        letter: its name in the documentation.
        words: what happens.
        phases: of its traffic; none means no series at all.
        looks: when to look and what to see.
        coarsest: the most seconds between two evaluations of the rules.
        pairs: the most seconds between two pairs of samples.
        failed_once: the series of failures is there, although it does not grow.
    """

    letter: str
    words: str
    phases: tuple[Phase, ...]
    looks: tuple[Look, ...]
    coarsest: int = 300
    pairs: int = 300
    failed_once: bool = False


SILENCE = Scenario(
    "I", "there are no series at all for 20 minutes", (), (Look(20, None, None),), coarsest=60
)


def scenarios(budget: float | None) -> Iterator[Scenario]:
    """Those with traffic, for an error budget; without the ones that it is too large for.

    Without a budget (None) those that are the same for every budget.
    """
    yield from _for_every_budget()
    if budget is not None:
        yield from _for_budget(budget)


def _for_every_budget() -> Iterator[Scenario]:
    quiet = tuple(Look(minute, page=False, ticket=False) for minute in (60, 120))
    yield Scenario("A", "every request succeeds for 2 hours", (Phase(120),), quiet)
    moved = Phase(120, moved=0.06, mistaken=0.04)
    words = "6% of the requests are redirects and 4% mistakes of callers for 2 hours"
    yield Scenario("B", words, (moved,), quiet, failed_once=True)
    yield Scenario(
        "D",
        "every request fails for 10 minutes, and none ever succeeded",
        (Phase(10, bad=1.0),),
        (Look(10, page=True, ticket=None),),
        coarsest=60,
    )
    yield Scenario(
        "F",
        "a tenth failed for an hour, and has not for 35 minutes",
        (Phase(60, bad=0.1), Phase(35)),
        (Look(95, page=False, ticket=None),),
    )


def _for_budget(budget: float) -> Iterator[Scenario]:
    much = min(1.0, 20 * budget)
    yield Scenario(
        "C",
        f"{much:.4g} of the requests fail, 20 times the budget, for an hour",
        (Phase(60, bad=much),),
        (Look(60, page=True, ticket=None),),
    )
    if 2 * budget <= 1:
        yield Scenario(
            "E",
            "twice the budget fails for 20 minutes after 5 clean hours",
            (Phase(300), Phase(20, bad=2 * budget)),
            tuple(Look(minute, page=False, ticket=False) for minute in (305, 310, 320)),
        )
    if 4 * budget <= 1:
        yield _slow("G", 4, budget, 26, coarsest=3600, pairs=600)
    if 2 * budget <= 1:
        yield _slow("H", 2, budget, LONGEST, coarsest=7200, pairs=1800)


def _slow(
    letter: str, burn: int, budget: float, hours: int, *, coarsest: int, pairs: int
) -> Scenario:
    return Scenario(
        letter,
        f"{burn} times the budget fails for {hours} hours",
        (Phase(hours * 60, bad=burn * budget),),
        (Look(hours * 60, page=False, ticket=True),),
        coarsest,
        pairs,
    )
