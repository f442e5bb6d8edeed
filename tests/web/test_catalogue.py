from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from flagstone.accounts.models import User
from flagstone.web.catalogue import CataloguePage, Wanted, catalogue_page
from tests.web import rows


@pytest.fixture
def fleet(db: None) -> None:
    payments, cards = rows.squad("payments", "mia"), rows.squad("cards")
    rows.service("checkout", payments, score=93, level="bronze", tier="1")
    rows.service("quote", payments, score=100, level="gold", tier="2")
    rows.service("disputes", cards, score=38, lifecycle="experimental")
    rows.service("sessions", cards)
    rows.entity("System", "pay")


def page(user: User, query: str) -> CataloguePage:
    return catalogue_page(user, Wanted.of(QueryDict(query)))


def names(found: CataloguePage) -> list[str]:
    return [line.row.entity.name for line in found.lines]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["checkout", "disputes", "quote", "sessions"]),
        ("q=CHECK", ["checkout"]),
        ("kind=System", ["pay"]),
        ("squad=group:default/cards", ["disputes", "sessions"]),
        ("squad=group:default/cards&lifecycle=production", ["sessions"]),
        ("tier=1&tier=2", ["checkout", "quote"]),
        ("level=gold", ["quote"]),
        ("level=gold&level=bronze", ["checkout", "quote"]),
        ("level=none", ["disputes"]),
        ("level=platinum", []),
        ("page=99", ["checkout", "disputes", "quote", "sessions"]),
        ("page=x&order=y", ["checkout", "disputes", "quote", "sessions"]),
    ],
)
def test_an_address_narrows_the_list(
    member: User, fleet: None, query: str, found: list[str]
) -> None:
    assert names(page(member, query)) == found


def test_everything_is_every_kind(member: User, fleet: None) -> None:
    found = page(member, "kind=all")
    assert found.paging.total == 8
    assert [(tab.title, tab.count) for tab in found.tabs] == [
        ("Services", 4),
        ("Systems", 1),
        ("Groups", 2),
        ("People", 1),
        ("All", 8),
    ]


def test_scores_stand_beside_their_services(member: User, fleet: None) -> None:
    scores = {line.row.entity.name: line.score for line in page(member, "").lines}
    assert scores["checkout"].score == 93  # type: ignore[union-attr]
    assert scores["sessions"] is None


def facet(found: CataloguePage, name: str) -> dict[str, tuple[int, bool]]:
    (one,) = [each for each in found.facets if each.name == name]
    return {option.value: (option.count, option.chosen) for option in one.options}


def test_levels_are_counted_within_what_else_was_chosen(member: User, fleet: None) -> None:
    found = page(member, "squad=group:default/payments&level=gold")
    assert facet(found, "level") == {
        "gold": (1, True),
        "silver": (0, False),
        "bronze": (1, False),
        "none": (0, False),
    }


def test_a_choice_can_be_taken_back(member: User, fleet: None) -> None:
    found = page(member, "q=e&tier=1&tier=2&level=gold&page=1")
    undo = {option.value: option.undo for _, option in found.chips}
    assert undo == {
        "1": "/catalog?q=e&tier=2&level=gold",
        "2": "/catalog?q=e&tier=1&level=gold",
        "gold": "/catalog?q=e&tier=1&tier=2",
    }


def test_the_address_is_written_without_what_is_empty() -> None:
    assert Wanted.of(QueryDict("q=+&kind=Component&squad=&page=1")).here == "/catalog"
    assert Wanted.of(QueryDict("kind=API&page=3&order=owner")).here == (
        "/catalog?kind=API&order=owner&page=3"
    )


def test_a_very_long_search_is_cut(member: User, db: None) -> None:
    assert len(Wanted.of(QueryDict(f"q={'x' * 5000}")).text) == 200


def test_other_kinds_have_no_levels(member: User, fleet: None) -> None:
    assert not page(member, "kind=System").has_levels


def test_facets_and_columns_that_hold_nothing_are_left_out(member: User, fleet: None) -> None:
    services, people = page(member, ""), page(member, "kind=User")
    assert [each.name for each in services.facets] == ["squad", "lifecycle", "tier", "level"]
    assert (services.has_lifecycles, services.has_systems) == (True, False)
    assert people.facets == []
    assert (people.has_lifecycles, people.has_systems) == (False, False)


def test_a_choice_that_leaves_nothing_can_still_be_taken_back(member: User, fleet: None) -> None:
    assert [each.name for each in page(member, "kind=User&tier=1").facets] == ["tier"]


def test_a_person_stands_with_the_squad(member: User, fleet: None) -> None:
    (mia,) = page(member, "kind=User").lines
    assert mia.row.owner is not None
    assert (mia.row.owner.ref, mia.row.owner.label) == ("group:default/payments", "Payments")


def test_queries_do_not_grow_with_the_list(
    client: Any, member: User, fleet: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        rows.service(f"service-{number}", score=50, level="bronze")
    client.force_login(member)
    client.get("/catalog")
    with django_assert_max_num_queries(12):
        response = client.get("/catalog")
    assert response.text.count('class="ring') == 50


def test_htmx_gets_the_results_and_the_clean_address(
    client: Any, member: User, fleet: None
) -> None:
    client.force_login(member)
    response = client.get("/catalog?q=check&squad=", headers={"HX-Request": "true"})
    assert "<html" not in response.text
    assert response.headers["HX-Push-Url"] == "/catalog?q=check"


def test_an_empty_catalogue_says_what_to_do(client: Any, member: User, db: None) -> None:
    client.force_login(member)
    assert "Nothing here yet" in client.get("/catalog").text
    assert "Nothing fits" in client.get("/catalog?q=x").text
