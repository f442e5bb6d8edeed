from __future__ import annotations

from typing import Any

from flagstone.scorecards.models import ServiceScore
from flagstone.web import boards
from tests.web import rows


def test_the_same_state_is_computed_once(db: None, django_assert_max_num_queries: Any) -> None:
    rows.service("checkout", rows.squad("payments"), score=60)
    shown = boards.board()
    with django_assert_max_num_queries(3):
        assert boards.board() == shown


def test_a_moved_score_is_seen_at_once(db: None) -> None:
    payments = rows.squad("payments")
    rows.service("checkout", payments, score=60)
    assert boards.row_of(boards.board(), payments.ref).standing.score == 60  # type: ignore[union-attr]
    ServiceScore.objects.update(score=80, changed_at=rows.NOW.replace(hour=13))
    assert boards.row_of(boards.board(), payments.ref).standing.score == 80  # type: ignore[union-attr]


def test_a_squad_that_is_not_on_the_board_has_no_row(db: None) -> None:
    assert boards.row_of(boards.board(), "group:default/ghost") is None
