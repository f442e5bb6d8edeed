"""The one question of every action: may this person do this?"""

from __future__ import annotations

from flagstone.accounts.models import User
from flagstone.accounts.roles import Role, rights_of
from flagstone.core.errors import Forbidden


def may(user: User, right: str) -> bool:
    """Tell whether a person has a right; a superuser has all."""
    if not user.is_active:
        return False
    return user.is_superuser or right in rights_of(Role(user.role))


def require(user: User, right: str) -> None:
    """Raise `Forbidden` unless the person has the right."""
    if not may(user, right):
        needed = next((role for role in Role if right in rights_of(role)), Role.PLATFORM_ADMIN)
        above = "" if needed is Role.PLATFORM_ADMIN else " or above"
        raise Forbidden(
            f"{user.display_name} ({Role(user.role).label}) may not do this: "
            f"it needs the role {needed.label}{above}. "
            "Ask the platform team to change your role.",
            right=right,
        )
