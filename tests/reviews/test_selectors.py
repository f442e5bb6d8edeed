"""The board of two squads with a past: what moved, the trend and what was gained, in numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.scorecards.conftest import begin_gitops, service_files, use_small_scorecard

pytestmark = pytest.mark.django_db(transaction=True)
GROUP = """apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {{name: {name}}}
spec: {{type: team, children: []}}
"""
GROUPS = "---\n".join(GROUP.format(name=name) for name in ("squad-a", "squad-b")).encode()


def ago(days):
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture
def gitops(admin_user, settings, tmp_path):
    """Squad a had probes all along; squad b gave them to one service 17 days ago, to the other 3 days ago.

    Squad a lost those of one service 3 days ago.
    """
    use_small_scorecard(settings, tmp_path / "scorecards")
    return begin_gitops(
        admin_user,
        {
            ago(50): {"services/squads/catalog-info.yaml": GROUPS}
            | service_files("checkout")
            | service_files("quote")
            | service_files("ledger", probes=False, squad="squad-b")
            | service_files("payouts", probes=False, squad="squad-b"),
            ago(17): service_files("ledger", squad="squad-b"),
            ago(3): service_files("payouts", squad="squad-b")
            | service_files("quote", probes=False),
        },
    )


def _rows():
    from flagstone.reviews.selectors import leaderboard

    return {
        row.name: (row.standing.place, row.moved, row.standing.gained, row.trend)
        for row in leaderboard().ranked
    }


def test_without_a_past_nothing_moved(gitops):
    assert _rows() == {
        "squad-b": (1, None, 0.0, (None,) * 6 + (100.0,)),
        "squad-a": (2, None, 0.0, (None,) * 6 + (75.0,)),
    }


def test_the_past_from_git_shows_who_moved_and_who_gained(gitops):
    from flagstone.reviews.selectors import leaderboard, version
    from flagstone.scorecards.pipeline import backfill

    before = version()
    assert backfill(gitops.repository.pk) == 24
    assert _rows() == {
        "squad-b": (1, 1, 50.0, (50.0, 50.0, 50.0, 50.0, 75.0, 75.0, 100.0)),
        "squad-a": (2, -1, -25.0, (100.0,) * 6 + (75.0,)),
    }
    assert [row.name for row in leaderboard().most_improved] == ["squad-b"]
    assert version() != before
