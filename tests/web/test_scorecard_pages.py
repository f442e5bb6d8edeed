from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from tests.web import rows

CARD = "/scorecards/production-readiness"


@pytest.fixture
def fleet(member: User) -> None:
    payments, cards = rows.squad("payments"), rows.squad("cards")
    rows.service(
        "checkout", payments, score=60, level="bronze", results={"PB-01": "pass", "VS-02": "fail"}
    )
    rows.service(
        "quote", payments, score=100, level="gold", results={"PB-01": "pass", "VS-02": "pass"}
    )
    rows.service("disputes", cards, score=5, results={"PB-01": "fail"})


def get(client: Client, user: User, path: str, **extra: Any) -> Any:
    client.force_login(user)
    return client.get(path, **extra)


def test_the_list_of_scorecards(client: Client, member: User, fleet: None) -> None:
    response = get(client, member, "/scorecards")
    (card,) = response.context["cards"]
    assert dict(card.counts) == {"bronze": 1, "gold": 1, "": 1}
    assert [(one.check.id, one.failing) for one in card.failing] == [("PB-01", 1), ("VS-02", 1)]


def test_the_checks_by_level(client: Client, member: User, fleet: None) -> None:
    groups = get(client, member, CARD).context["groups"]
    assert [(level.name, [one.check.id for one in checks]) for level, checks in groups] == [
        ("bronze", ["PB-01"]),
        ("silver", ["VS-02"]),
        ("gold", []),
    ]


def lines(response: Any) -> list[tuple[str, list[str]]]:
    return [(row.score.entity.name, states) for row, states in response.context["matrix"].lines]


def test_the_matrix_has_the_lowest_score_first(client: Client, member: User, fleet: None) -> None:
    response = get(client, member, f"{CARD}/matrix")
    assert lines(response) == [
        ("disputes", ["fail", ""]),
        ("checkout", ["pass", "fail"]),
        ("quote", ["pass", "pass"]),
    ]
    assert len(re.findall(r'<use href="#m-fail"/>', response.text)) == 2
    assert response.text.count('<symbol id="m-fail"') == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("squad=group:default/cards", ["disputes"]),
        ("check=VS-02&state=fail", ["checkout"]),
        ("check=VS-02&state=odd", ["disputes", "checkout", "quote"]),
        ("squad=group:default/cards&check=VS-02&state=fail", []),
    ],
)
def test_the_matrix_is_narrowed(
    client: Client, member: User, fleet: None, query: str, found: list[str]
) -> None:
    response = get(client, member, f"{CARD}/matrix?{query}")
    assert [name for name, _ in lines(response)] == found


def test_the_page_of_a_check(client: Client, member: User, fleet: None) -> None:
    response = get(client, member, f"{CARD}/checks/PB-01")
    page = response.context["page"]
    assert [one.entity.name for one in page.results] == ["disputes", "checkout", "quote"]
    assert [(tab.state, tab.count) for tab in page.tabs] == [("", 3), ("fail", 1), ("pass", 2)]
    for text in (page.check.rule, page.check.why):
        assert text in response.text.replace("&#x27;", "'")
    only = get(client, member, f"{CARD}/checks/PB-01?state=pass").context["page"]
    assert [one.entity.name for one in only.results] == ["checkout", "quote"]


@pytest.mark.parametrize(
    "path", ["/scorecards/ghost", f"{CARD}/checks/XX-99", "/scorecards/ghost/matrix"]
)
def test_what_is_not_there_is_told(client: Client, member: User, fleet: None, path: str) -> None:
    assert get(client, member, path).status_code == 404


def test_before_the_first_look(client: Client, member: User, db: None) -> None:
    assert "No scorecard was read yet" in get(client, member, "/scorecards").text


@pytest.mark.parametrize("path", ["/scorecards", CARD, f"{CARD}/matrix", f"{CARD}/checks/PB-01"])
def test_queries_do_not_grow_with_the_fleet(
    client: Client, member: User, fleet: None, path: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        rows.service(f"s-{number}", score=50, results={"PB-01": "fail", "VS-02": "pass"})
    client.force_login(member)
    with django_assert_max_num_queries(16):
        client.get(path)
