from __future__ import annotations

from types import SimpleNamespace

from flagstone.web.templatetags.charts import bar, has_course, levels, ring, spark, states


def test_a_ring_is_filled_by_its_score() -> None:
    drawn = ring(50)
    assert (drawn["score"], drawn["tone"], drawn["dash"]) == (50, "fail", "48.69 97.39")


def test_a_ring_without_a_score_is_empty() -> None:
    drawn = ring(None)
    assert (drawn["score"], drawn["tone"]) == (None, "none")


def test_a_rising_line_is_told_in_words() -> None:
    drawn = spark([62, None, 70, 91], "score")
    assert (drawn["tone"], drawn["label"]) == ("pass", "score from 62 to 91")
    assert drawn["points"] == "3.0,21.0 42.0,16.0 81.0,3.0"


def test_a_falling_line_and_a_level_one() -> None:
    assert spark([80, 60])["tone"] == "fail"
    assert spark([70, 70])["points"] == "3.0,12.0 81.0,12.0"


def test_one_value_is_no_trend() -> None:
    assert spark([70])["points"] == ""


def test_a_bar_stays_within_its_track() -> None:
    assert bar(3, of=12)["share"] == "25.0"
    assert bar(15, of=12)["share"] == "100.0"
    assert bar(1, of=0)["share"] == "0.0"


def test_levels_stand_in_order_and_leave_out_the_empty() -> None:
    drawn = levels({"": 1, "bronze": 0, "gold": 2, "silver": 1})
    assert [(s.css, s.x, s.width) for s in drawn["slices"]] == [
        ("level-gold", "0.00", "49.00"),
        ("level-silver", "50.00", "24.00"),
        ("level-none", "75.00", "24.00"),
    ]
    assert drawn["label"] == "2 gold, 1 silver, 1 no level"


def test_levels_may_come_as_objects_with_numbers() -> None:
    assert levels([(SimpleNamespace(name="gold"), 2), (None, 1)])["label"] == "2 gold, 1 no level"


def test_states_leave_out_whom_a_check_does_not_concern() -> None:
    drawn = states({"fail": 1, "pass": 3, "not_applicable": 9})
    assert drawn["label"] == "3 pass, 1 fail"
    assert [s.css for s in drawn["slices"]] == ["tone-pass toned", "tone-fail toned"]


def test_nothing_is_an_empty_bar() -> None:
    assert levels({}) == {"slices": [], "label": ""}


def test_history_is_a_line_from_two_values_on() -> None:
    assert not has_course([None, 70.0])
    assert has_course([60, None, 70.0])
