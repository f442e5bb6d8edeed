"""What each role may do. A right is `<app>.<verb>`; a role has all rights of the roles below it."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """From the least to the most."""

    VIEWER = "viewer"
    MEMBER = "member"
    SQUAD_LEAD = "squad_lead"
    PLATFORM_ADMIN = "platform_admin"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


_OWN_RIGHTS: dict[Role, frozenset[str]] = {
    Role.VIEWER: frozenset({"catalog.read", "gate.ask"}),
    Role.MEMBER: frozenset(
        {
            "catalog.refresh",
            "delivery.report_health",
            "delivery.roll_back",
            "scaffolding.create",
            "forge.review",
            "forge.merge",
            "forge.close",
            "forge.request_change",
            "scorecards.check_now",
            "scorecards.request_exemption",
        }
    ),
    Role.SQUAD_LEAD: frozenset(
        {"delivery.merge_rollback_alone", "scorecards.approve_exemption", "reviews.sign"}
    ),
    Role.PLATFORM_ADMIN: frozenset(
        {
            "accounts.manage",
            "audit.read",
            "catalog.register",
            "catalog.unregister",
            "forge.manage",
            "scaffolding.cancel_any",
            "scaffolding.manage",
            "scorecards.manage",
        }
    ),
}


def rights_of(role: Role) -> frozenset[str]:
    """Return every right of a role, those of the roles below it included."""
    ladder = list(Role)
    return frozenset().union(*(_OWN_RIGHTS[r] for r in ladder[: ladder.index(role) + 1]))
