from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.reviews.standing import MINIMUM_SERVICES
from flagstone.scorecards.models import ServiceScore
from tests.web import rows


def fill(name: str, *scores: int, people: tuple[str, ...] = ()) -> Any:
    group = rows.squad(name, *people)
    for number, score in enumerate(scores):
        rows.service(f"{name}-{number}", group, score=score, level="bronze" if score > 50 else "")
    return group


@pytest.fixture
def board(member: User) -> None:
    fill("payments", *[90] * MINIMUM_SERVICES, people=("mia",))
    fill("cards", *[95] * MINIMUM_SERVICES)
    fill("tiny", *[100] * (MINIMUM_SERVICES - 1))


def get(client: Client, user: User, path: str = "/leaderboard", **extra: Any) -> Any:
    client.force_login(user)
    return client.get(path, **extra)


def test_squads_stand_in_their_order(client: Client, member: User, board: None) -> None:
    response = get(client, member)
    shown = response.context["board"]
    assert [(row.standing.place, row.name) for row in shown.ranked] == [
        (1, "cards"),
        (2, "payments"),
    ]
    assert [row.name for row in shown.unranked] == ["tiny"]
    assert "Not ranked: too few scored services" in response.text
    assert shown.rule in response.text.replace("&#x27;", "'")
    assert response.text.count('class="mine"') == 1


def test_the_most_improved(client: Client, member: User, board: None) -> None:
    for score in ServiceScore.objects.filter(entity__name__startswith="payments"):
        rows.snapshot(score.entity, days_ago=45, score=60)
    response = get(client, member, "/leaderboard?tab=improved")
    assert [row.name for row in response.context["board"].most_improved] == ["payments"]
    assert "+30" in response.text


def test_places_moved_since_last_week(client: Client, member: User, board: None) -> None:
    for score in ServiceScore.objects.select_related("entity"):
        rows.snapshot(score.entity, days_ago=8, score=99 if "payments" in score.entity.name else 50)
    moved = {row.name: row.moved for row in get(client, member).context["board"].ranked}
    assert moved == {"cards": 1, "payments": -1}


def test_it_is_told_nothing_until_a_score_moves(client: Client, member: User, board: None) -> None:
    version = get(client, member).context["board"].version
    poll = {"path": f"/leaderboard?version={version}", "headers": {"HX-Request": "true"}}
    assert client.get(**poll).status_code == 204
    ServiceScore.objects.filter(entity__name="cards-0").update(
        score=10, changed_at=rows.NOW.replace(hour=13)
    )
    response = client.get(**poll)
    assert [row.name for row in response.context["board"].ranked] == ["payments", "cards"]
    assert "<html" not in response.text


def test_a_poll_without_news_is_cheap(
    client: Client, member: User, board: None, django_assert_max_num_queries: Any
) -> None:
    version = get(client, member).context["board"].version
    with django_assert_max_num_queries(6):
        client.get(f"/leaderboard?version={version}", headers={"HX-Request": "true"})


def test_the_copy_for_a_spreadsheet(client: Client, member: User, board: None) -> None:
    response = get(client, member, "/leaderboard.csv")
    table = list(csv.DictReader(io.StringIO(response.text)))
    assert [(row["place"], row["squad"], row["score"]) for row in table] == [
        ("1", "Cards", "95.0"),
        ("2", "Payments", "90.0"),
        ("unranked", "Tiny", "100.0"),
    ]
    assert table[0]["Bronze"] == str(MINIMUM_SERVICES)


def test_an_empty_board_says_what_to_do(client: Client, member: User, db: None) -> None:
    assert "Nobody is ranked yet" in get(client, member).text
    assert "Nobody has improved yet" in get(client, member, "/leaderboard?tab=improved").text
