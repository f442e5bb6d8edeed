"""The written rule of the board, clause by clause."""

from __future__ import annotations

from flagstone.reviews.standing import (
    RULE,
    ServiceStanding,
    SquadStanding,
    rank,
    squad_level,
    weighted_score,
)


def _services(squad, *rows):
    return [
        ServiceStanding(squad=squad, tier=tier, score=score, level_rank=level)
        for tier, score, level in rows
    ]


def _places(standings: list[SquadStanding]) -> list[tuple[str, int | None]]:
    return [(s.squad, s.place) for s in standings]


def test_level_comes_before_score():
    services = _services("gold", *[(3, 80, 3)] * 3) + _services("silver", *[(3, 99, 2)] * 3)
    assert _places(rank(services)) == [("gold", 1), ("silver", 2)]


def test_equal_levels_are_ordered_by_score_then_gain_then_name():
    services = [
        s
        for name in ("d", "c", "b", "a")
        for s in _services(name, *[(3, 90 if name == "d" else 70, 1)] * 3)
    ]
    assert _places(rank(services, {"b": 60.0, "a": 69.0})) == [
        ("d", 1),
        ("b", 2),
        ("a", 3),
        ("c", 4),
    ]


def test_a_tier_1_service_counts_three_times_and_one_without_a_tier_once():
    assert weighted_score(_services("s", (1, 100, 0), (None, 20, 0))) == 80.0
    assert weighted_score(_services("s", (2, 100, 0), (3, 10, 0))) == 70.0


def test_the_level_is_held_by_two_thirds_of_the_weight():
    assert squad_level(_services("s", (3, 0, 3), (3, 0, 3), (3, 0, 0))) == 3
    assert squad_level(_services("s", (3, 0, 3), (3, 0, 1), (3, 0, 1))) == 1
    assert squad_level(_services("s", (1, 0, 2), (3, 0, 0))) == 2
    assert squad_level(_services("s", (3, 0, 2), (3, 0, 0))) == 0


def test_one_service_is_listed_last_without_a_place():
    services = _services("small", (1, 100, 3)) + _services("big", *[(3, 10, 0)] * 3)
    assert _places(rank(services)) == [("big", 1), ("small", None)]


def test_shares_of_exempt_and_missing_are_of_all_checks():
    rows = [
        ServiceStanding("s", 3, 50, 0, exempt=1, no_data=4, checks=10),
        ServiceStanding("s", 3, 50, 0, exempt=0, no_data=0, checks=10),
    ]
    (standing,) = rank(rows)
    assert (standing.exempt_share, standing.no_data_share, standing.by_level) == (0.05, 0.2, {0: 2})


def test_nobody_is_ranked_on_an_empty_board():
    assert rank([]) == []


def test_the_rule_names_its_numbers():
    assert "fewer than 2 scored services" in RULE
