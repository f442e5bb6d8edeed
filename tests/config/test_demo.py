"""The demo organisation goes in through the real doors, once, and comes out scored."""

from __future__ import annotations

from datetime import date

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_empty_database_is_filled_once():
    from flagstone.catalog.models import Entity
    from flagstone.config.demo.loading import load
    from flagstone.core import audit
    from flagstone.forge.models import PullRequest
    from flagstone.reviews.selectors import leaderboard
    from flagstone.scorecards.models import ServiceScore

    assert load(date(2026, 11, 23))
    assert Entity.objects.squads().count() == 18
    assert Entity.objects.filter(kind="User").count() == 60
    assert (
        Entity.objects.filter(
            ref__in=[f"component:default/{n}" for n in ("checkout", "quote", "funds-transfer")]
        ).count()
        == 3
    )
    assert PullRequest.objects.open().count() == 7
    assert ServiceScore.objects.count() >= 40
    levels = set(ServiceScore.objects.values_list("level", flat=True))
    assert {"gold", "silver", "bronze", ""} <= levels
    board = leaderboard()
    assert (len(board.ranked) + len(board.unranked), board.without_squad) == (18, 1)
    assert audit.verify().holds
    assert not load(date(2026, 11, 23))
