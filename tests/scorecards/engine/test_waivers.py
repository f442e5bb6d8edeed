"""Waivers on objects, and approved exemptions."""

from __future__ import annotations

from datetime import date

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.reporting.waivers import (
    Exemption,
    InvalidWaiver,
    Waiver,
    annotations_of,
    read_waiver,
)

TODAY = date(2026, 11, 23)


def read(value: object) -> object:
    return read_waiver(value, TODAY)


def on(**metadata: object) -> list[tuple[str, object, tuple[str, ...]]]:
    raw = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    raw |= {"spec": {"template": metadata.pop("template", None)}}
    return [(a.check, a.value, a.keys) for a in annotations_of(Manifest(raw, "a.yaml"))]


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
        ("until 2027-01-31", "the waiver gives no reason"),
        ("--; until 2027-01-31", "the waiver gives no reason"),
        ("streams; until 2027-1-31", "the waiver must read"),
        ("streams; until 2027-01-31T00:00:00Z", "the waiver must read"),
        (
            "streams; until \u0662\u0660\u0662\u0667-\u0660\u0661-\u0663\u0661",
            "the waiver must read",
        ),
        ("2027-01-31", "the waiver must read"),
        (None, "the waiver must read"),
        (True, "the waiver must read"),
    ],
)
def test_what_waives_nothing(text: object, problem: str) -> None:
    found = read(text)

    assert isinstance(found, InvalidWaiver)
    assert problem in found.problem


@pytest.mark.parametrize("value", [{"until": "2027-01-31"}, ["streams; until 2027-01-31"]])
def test_what_is_no_text_waives_nothing(value: object) -> None:
    found = read(value)

    assert isinstance(found, InvalidWaiver)
    assert found.problem.startswith("the waiver is no text")


def test_lines_of_a_folded_text_are_one_reason() -> None:
    assert read("it streams\n  for hours;\n  Until  2027-01-31\n") == Waiver(
        "it streams for hours", date(2027, 1, 31)
    )


def test_a_long_text_is_read_at_once_and_shown_in_part() -> None:
    found = read(" " * 500_000 + "; " * 500_000)

    assert isinstance(found, InvalidWaiver)
    assert len(found.problem) < 160


def test_an_object_and_its_pod_template_may_waive() -> None:
    here = {"paved.example.com/waive.VS-01": "a", "other": "b"}
    inside = {"metadata": {"annotations": {"Paved.example.com/Waive.pb-02": 3}}}

    assert on(annotations=here, template=inside) == [
        ("VS-01", "a", ("metadata", "annotations", "paved.example.com/waive.VS-01")),
        (
            "pb-02",
            3,
            ("spec", "template", "metadata", "annotations", "Paved.example.com/Waive.pb-02"),
        ),
    ]


@pytest.mark.parametrize("odd", [None, [], "text", {"template": 3}])
def test_odd_metadata_waives_nothing(odd: object) -> None:
    assert on(annotations=odd, template={"metadata": odd}) == []


def test_an_exemption_covers_its_check_and_service_until_its_day() -> None:
    exemption = Exemption("VS-01", "component:default/checkout", "streams", TODAY)

    assert exemption.covers("VS-01", "Component:default/Checkout", TODAY)
    assert not exemption.covers("VS-02", "component:default/checkout", TODAY)
    assert not exemption.covers("VS-01", "component:default/quote", TODAY)
    assert not exemption.covers("VS-01", "component:default/checkout", date(2026, 11, 24))
