from __future__ import annotations

import pytest
from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.web.navigation import PLACES, places_for


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.title)
def test_no_link_is_dead(place: object) -> None:
    assert reverse(place.route)  # type: ignore[attr-defined]


def test_keys_are_told_apart() -> None:
    assert len({place.key for place in PLACES}) == len(PLACES)


def test_here_is_the_page_and_what_lies_below_it() -> None:
    home = PLACES[0]
    assert home.is_here("/")
    assert not home.is_here("/catalog")


def test_a_place_is_hidden_from_those_who_may_not_open_it(stranger: User, admin_user: User) -> None:
    assert {place.title for place in PLACES if place.right}.isdisjoint(
        place.title for place in places_for(stranger)
    )
    assert places_for(admin_user) == list(PLACES)
