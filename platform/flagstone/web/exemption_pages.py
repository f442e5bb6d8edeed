"""The list of exemptions: what is asked for, what holds, what has ended, and what the reader may do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlencode

from django.db.models import QuerySet

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.scorecards import selectors
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.models import Exemption, ExemptionQuerySet, ExemptionState

WAITING, IN_FORCE, ENDED = "waiting", "in-force", "ended"
_TITLES = {WAITING: "To decide", IN_FORCE: "In force", ENDED: "Ended"}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the address asks for; an empty part leaves everything in."""

    of: str = WAITING
    squad: str = ""
    check: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Narrowing:
        of = query.get("of", "")
        return cls(
            of=of if of in _TITLES else WAITING,
            squad=query.get("squad", ""),
            check=query.get("check", ""),
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.squad or self.check)


@dataclass(frozen=True, slots=True)
class ExemptionTab:
    title: str
    url: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class ExemptionRow:
    """One exemption with what its reader may do."""

    exemption: Exemption
    state: str
    check_name: str
    may_decide: bool
    may_revoke: bool

    @property
    def badge(self) -> str:
        return f"exemption_{self.state}"


def listed(wanted: Narrowing, today: date) -> QuerySet[Exemption]:
    """Return what is asked for: what ends first stands first, of the ended what ended last."""
    order = ("-expires_on", "-pk") if wanted.of == ENDED else ("expires_on", "pk")
    return _standing(_narrowed(wanted), wanted.of, today).order_by(*order)


def tabs(wanted: Narrowing, today: date) -> list[ExemptionTab]:
    narrowed = _narrowed(wanted)
    return [
        ExemptionTab(
            title,
            f"?{urlencode(asdict(wanted) | {'of': of})}",
            _standing(narrowed, of, today).count(),
            of == wanted.of,
        )
        for of, title in _TITLES.items()
    ]


def checks_with_exemptions() -> list[tuple[str, str]]:
    ids = sorted(set(selectors.exemptions().order_by().values_list("check_id", flat=True)))
    return [(check_id, f"{check_id} {name_of_check(check_id)}".strip()) for check_id in ids]


def row_of(exemption: Exemption, user: User, today: date) -> ExemptionRow:
    state = exemption.standing_on(today)
    is_own = exemption.requested_by_id == user.pk
    may_approve = may(user, "scorecards.approve_exemption")
    return ExemptionRow(
        exemption=exemption,
        state=state.value,
        check_name=name_of_check(exemption.check_id),
        may_decide=state == ExemptionState.PENDING and may_approve and not is_own,
        may_revoke=(state == ExemptionState.APPROVED and (may_approve or is_own))
        or (state == ExemptionState.PENDING and is_own),
    )


def name_of_check(check_id: str) -> str:
    """Return what a check is called; empty for one that is no more."""
    check = REGISTRY.get(check_id)
    return check.name if check else ""


def _narrowed(wanted: Narrowing) -> ExemptionQuerySet:
    found = selectors.exemptions()
    if wanted.squad:
        found = found.filter(entity__owner_ref=wanted.squad)
    if wanted.check:
        found = found.filter(check_id=wanted.check)
    return found


def _standing(found: ExemptionQuerySet, of: str, today: date) -> ExemptionQuerySet:
    if of == WAITING:
        return found.waiting(today)
    return found.in_force(today) if of == IN_FORCE else found.ended(today)
