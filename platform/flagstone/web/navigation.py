"""Where one can go: the one list behind the side navigation, the small-screen dock and the palette."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation; `right` hides it from those who may not open it."""

    title: str
    route: str
    icon: str
    group: int
    key: str
    right: str = ""
    in_dock: bool = False

    @property
    def url(self) -> str:
        return reverse(self.route)

    def is_here(self, path: str) -> bool:
        """Tell whether a path lies within this place."""
        return path == self.url or (self.url != "/" and path.startswith(f"{self.url}/"))


PLACES: tuple[Place, ...] = (
    Place("Home", "web:home", "home", 1, "h", in_dock=True),
    Place("Catalogue", "web:catalog", "square-3-stack-3d", 1, "c", in_dock=True),
    Place("New service", "web:new", "plus-circle", 1, "n", right="scaffolding.create"),
    Place("Leaderboard", "web:leaderboard", "trophy", 2, "l", in_dock=True),
    Place("Scorecards", "web:scorecards", "clipboard-document-check", 2, "s"),
    Place("Exemptions", "web:exemptions", "shield-check", 2, "e"),
    Place("Pull requests", "web:pulls", "arrows-right-left", 3, "p", in_dock=True),
    Place("Runs", "web:runs", "rocket-launch", 3, "r"),
    Place("Rollbacks", "web:rollbacks", "arrow-uturn-left", 3, "b"),
    Place("Templates", "web:templates", "squares-plus", 3, "t", right="scaffolding.manage"),
    Place("Audit", "web:audit", "finger-print", 3, "a", right="audit.read"),
)


def places_for(user: User) -> list[Place]:
    """List the places that a person may open."""
    return [place for place in PLACES if not place.right or may(user, place.right)]
