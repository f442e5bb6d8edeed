from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from flagstone.catalog.selectors import Criteria, FacetValue, facets
from tests.catalog.conftest import Folder, group, service
from tests.catalog.engine.samples import entity

PAYMENTS, QUOTES = "group:default/payments", "group:default/quotes"


@pytest.fixture
def shop(folder: Folder) -> Folder:
    folder.put(
        service("a", spec__system="shop", spec__tier="1"),
        service("b", spec__lifecycle="experimental"),
        service("c", spec__owner="quotes", spec__lifecycle="experimental"),
        group("payments", metadata__title="The Payments"),
        entity("System", metadata__name="shop", spec__owner="quotes"),
    )
    return folder


def counts(user: Any, **criteria: Any) -> dict[str, dict[str, int]]:
    return {
        facet.field: {value.value: value.count for value in facet.values}
        for facet in facets(user, Criteria(**criteria))
    }


def test_every_choice_is_counted(shop: Folder, stranger: Any) -> None:
    assert counts(stranger) == {
        "kinds": {"Component": 3, "Group": 1, "System": 1},
        "squads": {QUOTES: 2, PAYMENTS: 2},
        "systems": {"system:default/shop": 1},
        "lifecycles": {"experimental": 2, "production": 1},
        "tiers": {"1": 1},
    }


def test_a_facet_is_narrowed_by_the_others_and_not_by_itself(shop: Folder, stranger: Any) -> None:
    assert counts(stranger, kinds=("Component",), squads=(PAYMENTS,)) == {
        "kinds": {"Component": 2},
        "squads": {PAYMENTS: 2, QUOTES: 1},
        "systems": {"system:default/shop": 1},
        "lifecycles": {"experimental": 1, "production": 1},
        "tiers": {"1": 1},
    }


def test_the_text_narrows_all_of_them(shop: Folder, stranger: Any) -> None:
    assert counts(stranger, text="shop") == {
        "kinds": {"Component": 1, "System": 1},
        "squads": {PAYMENTS: 1, QUOTES: 1},
        "systems": {"system:default/shop": 1},
        "lifecycles": {"production": 1},
        "tiers": {"1": 1},
    }


def test_a_choice_stays_though_nothing_matches_it(shop: Folder, stranger: Any) -> None:
    found = counts(stranger, kinds=("API",), tiers=("9",))

    assert found["kinds"] == {"API": 0}
    assert found["tiers"] == {"9": 0}


def test_choices_carry_labels_and_the_most_frequent_is_first(shop: Folder, stranger: Any) -> None:
    by_field = {
        f.field: f for f in facets(stranger, Criteria(kinds=("Component",), squads=(QUOTES,)))
    }

    assert [f.label for f in by_field.values()] == ["Kind", "Squad", "System", "Lifecycle", "Tier"]
    assert by_field["squads"].values == [
        FacetValue(PAYMENTS, "The Payments", 2, chosen=False, exists=True),
        FacetValue(QUOTES, "quotes", 1, chosen=True, exists=False),
    ]


def test_without_a_session_there_is_nothing_to_choose(shop: Folder) -> None:
    assert [facet.values for facet in facets(AnonymousUser(), Criteria())] == [[], [], [], [], []]


def test_all_facets_take_two_queries(
    shop: Folder, stranger: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        facets(stranger, Criteria(text="a", kinds=("Component",)))
