"""What every page knows: the navigation, who is signed in, the theme."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from flagstone import __version__
from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.accounts.roles import Role
from flagstone.web.navigation import Place, places_for
from flagstone.web.views.theme import chosen_theme


def shell(request: HttpRequest) -> dict[str, Any]:
    base: dict[str, Any] = {"flagstone_version": __version__, "theme": chosen_theme(request)}
    # an error page may be rendered before the middleware that knows the person has run
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return base
    places = places_for(user)
    return base | {
        "place_groups": grouped(places),
        "dock": [place for place in places if place.in_dock],
        "here": next((place for place in places if place.is_here(request.path)), None),
        "role": Role(user.role).label,
        "may_create": may(user, "scaffolding.create"),
    }


def grouped(places: list[Place]) -> list[list[Place]]:
    """Split the places into the groups that a rule separates."""
    return [
        [place for place in places if place.group == group]
        for group in sorted({p.group for p in places})
    ]
