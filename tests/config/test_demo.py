"""The demo organisation goes in through the real doors, once, and comes out scored."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_empty_database_is_filled_once():
    from flagstone.catalog.models import Entity
    from flagstone.config.demo.loading import load
    from flagstone.core import audit
    from flagstone.forge.models import PullRequest
    from flagstone.gate.models import PullRequestVerdict
    from flagstone.reviews.selectors import leaderboard
    from flagstone.scorecards.models import ServiceScore

    assert load()
    assert Entity.objects.squads().count() == 18
    assert Entity.objects.filter(kind="User").count() == 60
    assert (
        Entity.objects.filter(
            ref__in=[f"component:default/{n}" for n in ("checkout", "quote", "funds-transfer")]
        ).count()
        == 3
    )
    assert PullRequest.objects.open().count() == 7
    assert PullRequest.objects.open().filter(verdict__told_at__isnull=False).count() == 7
    assert PullRequestVerdict.objects.filter(decision="stop").exists()
    assert PullRequestVerdict.objects.filter(decision="go").exists()
    assert ServiceScore.objects.count() >= 40
    levels = set(ServiceScore.objects.values_list("level", flat=True))
    assert {"gold", "silver", "bronze", ""} <= levels
    board = leaderboard()
    assert (len(board.ranked) + len(board.unranked), board.without_squad) == (18, 1)
    assert audit.verify().holds
    assert not load()
    _check_the_trend()


def _check_the_trend() -> None:
    """The worker fills in the past a moment after the start."""
    from flagstone.forge.models import Repository
    from flagstone.reviews.selectors import leaderboard
    from flagstone.scorecards.pipeline import backfill

    backfill(Repository.objects.gitops().get().pk)
    board = leaderboard()
    assert sum(None not in row.trend for row in board.ranked) == len(board.ranked) == 16
    assert sum((row.moved or 0) > 0 for row in board.ranked) >= 3
    assert sum((row.moved or 0) < 0 for row in board.ranked) >= 1
    assert len(board.most_improved) >= 8
    assert any(row.standing.gained < 0 for row in board.ranked)
