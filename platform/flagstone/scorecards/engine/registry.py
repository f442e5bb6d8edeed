"""Checks and the registry that knows them by their permanent ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.states import Severity

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView

Judge = Callable[["ServiceView", Any], Outcome]


@dataclass(frozen=True, slots=True)
class NoParams:
    """The parameters of a check that has none."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        id: permanent, never derived from the name.
        name: what holds when it passes.
        rule: what it looks at and asks of it, with its limits.
        severity: decides the default weight.
        why: what goes wrong in production when it does not hold.
        remedy: how to mend it.
        not_applicable: when it does not concern a service.
        no_data: when it cannot be decided, and what to supply.
        params: a frozen dataclass whose fields a scorecard may set.
        policy: decided by the Gatekeeper policies, whose violations name this id.
        judge: the function that decides.
    """

    id: str
    name: str
    rule: str
    severity: Severity
    why: str
    remedy: str
    not_applicable: str
    no_data: str
    params: type[Any]
    policy: bool
    judge: Judge

    def __call__(self, service: ServiceView, params: Any = None) -> Outcome:
        return self.judge(service, self.params() if params is None else params)


def check(  # noqa: PLR0913 one keyword for each thing the documentation says of a check
    *,
    id: str,  # noqa: A002 the word people use
    name: str,
    severity: Severity,
    rule: str,
    why: str,
    remedy: str,
    not_applicable: str,
    no_data: str,
    params: type[Any] = NoParams,
    policy: bool = False,
) -> Callable[[Judge], Check]:
    """Make a check of a function that takes a service and the check's parameters."""

    def make(judge: Judge) -> Check:
        return Check(
            id=id,
            name=name,
            rule=rule,
            severity=severity,
            why=why,
            remedy=remedy,
            not_applicable=not_applicable,
            no_data=no_data,
            params=params,
            policy=policy,
            judge=judge,
        )

    return make


def unrendered(what: str) -> str:
    """When objects are hidden and what to do then; `what` names them and ends with "is" or "are"."""
    return (
        f"{what} in a source that could not be rendered: mend what the report says of that source, or score what "
        "it renders."
    )


class Registry:
    """Checks by id, in the order in which they were given."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._checks: dict[str, Check] = {}
        for item in checks:
            if item.id in self._checks:
                raise ValueError(f"two checks have the id {item.id}: ids are permanent and unique")
            self._checks[item.id] = item

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks.values())

    def __len__(self) -> int:
        return len(self._checks)

    def __contains__(self, check_id: object) -> bool:
        return check_id in self._checks

    def get(self, check_id: str) -> Check | None:
        return self._checks.get(check_id)
