from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.core import jobs
from tests.web import rows


@pytest.fixture
def payments(member: User) -> Any:
    group = rows.squad("payments", "mia")
    rows.service(
        "checkout", group, score=90, level="bronze", results={"PB-01": "pass", "VS-02": "fail"}
    )
    rows.service(
        "quote", group, score=20, results={"PB-01": "fail", "PB-02": "fail", "VS-02": "fail"}
    )
    rows.service("sessions", group)
    return group


def home(client: Client, user: User, path: str = "/") -> Any:
    client.force_login(user)
    return client.get(path)


def test_my_squad_with_what_to_do_next(client: Client, member: User, payments: Any) -> None:
    response = home(client, member)
    shown = response.context["home"]
    assert shown.squad.name == "Payments"
    assert [line.entity.name for line in shown.services] == ["quote", "checkout", "sessions"]
    assert [(service.name, step.to_go, step.level.name) for service, step in shown.next_steps] == [
        ("checkout", 1, "silver"),
        ("quote", 2, "bronze"),
    ]
    assert shown.next_steps[0][1].actions[0].points == 50
    assert "Mend VS-02." in response.text


def test_one_of_several_squads(client: Client, member: User, payments: Any) -> None:
    rows.squad("cards")
    rows.relate("user:default/mia", "memberOf", "group:default/cards", "hasMember")
    shown = home(client, member, "/?squad=group:default/cards").context["home"]
    assert shown.squad.name == "Cards"
    assert [(tab.title, tab.current) for tab in shown.tabs] == [
        ("Cards", True),
        ("Payments", False),
    ]
    assert home(client, member, "/?squad=group:default/x").context["home"].squad.name == "Cards"


def test_without_a_squad_it_says_what_to_do(client: Client, stranger: User, payments: Any) -> None:
    text = home(client, stranger).text
    assert "You are in no squad yet" in text
    assert "user:default/sam" in text


def test_my_runs(client: Client, member: User, lead: User, payments: Any) -> None:
    jobs.create(kind="t", title="New service refunds", steps=[], requested_by=member)
    jobs.create(kind="t", title="New service payouts", steps=[], requested_by=lead)
    text = home(client, member).text
    assert "New service refunds" in text
    assert "New service payouts" not in text


def test_it_follows(client: Client, member: User, payments: Any) -> None:
    version = home(client, member).context["version"]
    poll = client.get(f"/?version={version}", headers={"HX-Request": "true"})
    assert poll.status_code == 204


def test_queries_do_not_grow_with_the_squad(
    client: Client, member: User, payments: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        rows.service(f"s-{number}", payments, score=50, results={"PB-01": "fail"})
    client.force_login(member)
    with django_assert_max_num_queries(30):
        client.get("/")
