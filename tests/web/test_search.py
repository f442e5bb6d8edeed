from __future__ import annotations

from typing import Any

import pytest

from flagstone.accounts.models import User
from flagstone.web.search import find
from tests.web import rows


@pytest.fixture
def fleet(db: None) -> None:
    payments = rows.squad("payments", "mia")
    rows.service("checkout", payments)


def found(user: User, text: str) -> dict[str, list[str]]:
    return {group.title: [hit.title for hit in group.hits] for group in find(user, text)}


def test_services_and_checks(member: User, fleet: None) -> None:
    hits = found(member, "checkout")
    assert hits["Services"] == ["checkout"]
    (hit,) = next(group.hits for group in find(member, "pb-01") if group.title == "Checks")
    assert hit.url == "/scorecards/production-readiness/checks/PB-01"


def test_squads_and_people(member: User, fleet: None) -> None:
    assert found(member, "payments")["Squads and systems"] == ["Payments"]
    assert found(member, "mia") == {"People": ["mia"]}


def test_scaffolds_are_for_those_who_may_use_them(member: User, stranger: User, db: None) -> None:
    assert "Scaffolds" in found(member, "python")
    assert "Scaffolds" not in found(stranger, "python")


def test_pages_are_those_that_one_may_open(member: User, admin_user: User, db: None) -> None:
    assert "Pages" not in found(member, "audit")
    assert found(admin_user, "audit")["Pages"] == ["Audit"]


def test_an_opened_palette_lists_the_pages(member: User, fleet: None) -> None:
    assert list(found(member, "  ")) == ["Pages"]


def test_a_group_is_short_and_a_search_cheap(
    member: User, fleet: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(10):
        rows.service(f"check-{number}")
    with django_assert_max_num_queries(6):
        hits = found(member, "check")
    assert len(hits["Services"]) == 6


def test_odd_text_finds_nothing(member: User, db: None) -> None:
    assert found(member, "%' OR 1=1 --\\") == {}
