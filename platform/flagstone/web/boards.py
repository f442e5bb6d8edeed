"""The leaderboard, computed once for everybody who looks at the same state of it."""

from __future__ import annotations

from django.core.cache import cache
from django.utils import timezone

from flagstone.reviews import selectors
from flagstone.reviews.selectors import Leaderboard, Row

# scores change the key at once; a service that changes hands, or a squad its name, is seen after this
KEPT_SECONDS = 15


def board() -> Leaderboard:
    """Return the leaderboard as it stands; with 5,000 services computing it takes longer than a page may."""
    key = f"leaderboard:{timezone.now().date()}:{selectors.version()}"
    found: Leaderboard | None = cache.get(key)
    if found is None:
        found = selectors.leaderboard()
        cache.set(key, found, KEPT_SECONDS)
    return found


def row_of(shown: Leaderboard, squad_ref: str) -> Row | None:
    """Return one squad's row, ranked or not."""
    rows = (*shown.ranked, *shown.unranked)
    return next((row for row in rows if row.squad_ref == squad_ref), None)
