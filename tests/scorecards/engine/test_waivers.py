"""Waivers on objects, and approved exemptions."""

from __future__ import annotations

from datetime import date

import pytest

from flagstone.scorecards.engine.waivers import Exemption, InvalidWaiver, Waiver, waiver_for

TODAY = date(2026, 11, 23)


def read(text: str, check: str = "VS-01") -> object:
    return waiver_for(check, {"paved.example.com/waive.VS-01": text}, TODAY)


def test_a_reason_and_a_date() -> None:
    assert read("streams for hours; until 2027-01-31") == Waiver(
        "streams for hours", date(2027, 1, 31)
    )


def test_the_last_day_still_counts() -> None:
    assert isinstance(read("streams; until 2026-11-23"), Waiver)


def test_a_reason_may_hold_a_semicolon() -> None:
    found = read("streams; nothing to time out; until 2027-01-31")

    assert found == Waiver("streams; nothing to time out", date(2027, 1, 31))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("streams; until 2026-11-22", "the waiver expired on 2026-11-22"),
        ("; until 2027-01-31", "the waiver gives no reason"),
        ("streams", "the waiver must read"),
        ("", "the waiver must read"),
        ("streams; until next year", "the waiver must read"),
        ("streams; until 2027-02-30", "which is no date"),
    ],
)
def test_what_waives_nothing(text: str, problem: str) -> None:
    found = read(text)

    assert isinstance(found, InvalidWaiver)
    assert problem in found.problem


def test_another_check_is_not_waived() -> None:
    assert read("streams; until 2027-01-31", check="VS-02") is None


def test_the_id_may_be_written_in_small_letters() -> None:
    annotations = {"paved.example.com/waive.vs-01": "streams; until 2027-01-31"}

    assert isinstance(waiver_for("VS-01", annotations, TODAY), Waiver)


def test_an_exemption_covers_its_check_and_service_until_its_day() -> None:
    exemption = Exemption("VS-01", "component:default/checkout", "streams", TODAY)

    assert exemption.covers("VS-01", "Component:default/Checkout", TODAY)
    assert not exemption.covers("VS-02", "component:default/checkout", TODAY)
    assert not exemption.covers("VS-01", "component:default/quote", TODAY)
    assert not exemption.covers("VS-01", "component:default/checkout", date(2026, 11, 24))
