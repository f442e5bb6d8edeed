from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from flagstone.catalog.errors import EntityNotFound
from flagstone.catalog.selectors import (
    members_of,
    services_of,
    squad,
    squads,
    squads_of,
    subgroups_of,
)
from tests.catalog.conftest import Folder, group, person, service
from tests.catalog.engine.samples import entity

PAYMENTS = "group:default/payments"


@pytest.fixture
def organisation(folder: Folder) -> Folder:
    folder.put(
        group("tribe", spec__type="tribe", spec__children=["payments"]),
        group("payments", metadata__title="Payments", spec__members=["mia", "Zoe"]),
        group("cards", spec__type="Team", spec__parent="payments", spec__children=["tribe"]),
        group("idle", spec__type="team"),
        person(
            "mia", spec__memberOf=["payments", "tribe"], spec__profile={"displayName": "Mia Wong"}
        ),
        person("bo", spec__memberOf=["payments"]),
        person("cy", spec__memberOf=["cards"]),
        service("checkout"),
        service("ledger"),
        service("vault", spec__owner="cards"),
        service("quote", spec__owner="user:mia"),
        entity("API", metadata__name="pay"),
    )
    return folder


def test_squads_are_groups_of_two_types_in_any_case(organisation: Folder, stranger: Any) -> None:
    found = [
        (s.name, s.services, s.members, s.parent.ref if s.parent else None)
        for s in squads(stranger)
    ]

    assert found == [
        ("cards", 1, 1, PAYMENTS),
        ("idle", 0, 0, None),
        ("Payments", 2, 3, "group:default/tribe"),
    ]


def test_one_squad_can_be_asked_for(organisation: Folder, stranger: Any) -> None:
    found = squad(stranger, "Group:Default/Payments")

    assert (found.ref, found.services, found.members) == (PAYMENTS, 2, 3)


@pytest.mark.parametrize(
    "ref", ["group:default/tribe", "group:default/none", "component:default/checkout"]
)
def test_another_group_is_no_squad(organisation: Folder, stranger: Any, ref: str) -> None:
    with pytest.raises(EntityNotFound):
        squad(stranger, ref)


def test_members_are_those_that_either_side_names(organisation: Folder) -> None:
    assert [(m.label, m.exists) for m in members_of(PAYMENTS)] == [
        ("bo", True),
        ("Mia Wong", True),
        ("zoe", False),
    ]
    assert [m.label for m in members_of("GROUP:default/PAYMENTS", nested=True)] == [
        "bo",
        "cy",
        "Mia Wong",
        "zoe",
    ]


def test_services_are_components_that_the_squad_owns(organisation: Folder) -> None:
    assert [e.name for e in services_of(PAYMENTS)] == ["checkout", "ledger"]
    assert [e.name for e in services_of(PAYMENTS, nested=True)] == ["checkout", "ledger", "vault"]
    assert [e.name for e in services_of("user:default/mia")] == ["quote"]


def test_an_orphan_is_no_service_of_anybody(organisation: Folder, stranger: Any) -> None:
    organisation.put(group("payments"), service("ledger"))

    assert [e.name for e in services_of(PAYMENTS)] == ["ledger"]
    assert [(s.name, s.services) for s in squads(stranger)] == [("payments", 1)]


def test_groups_that_hold_each_other_end(organisation: Folder) -> None:
    everyone = ["group:default/cards", PAYMENTS, "group:default/tribe"]

    assert sorted(subgroups_of("group:default/tribe")) == everyone
    assert sorted(subgroups_of("group:default/cards")) == everyone
    assert subgroups_of("group:default/unknown") == ["group:default/unknown"]


def test_my_squads_are_those_of_my_user(
    organisation: Folder, member: Any, stranger: Any, make_user: Any
) -> None:
    assert [s.name for s in squads_of(member)] == ["Payments"]
    assert squads_of(stranger) == []
    assert [s.name for s in squads_of(make_user("x", entity_ref="User:Default/CY"))] == ["cards"]
    member.entity_ref = ""
    assert squads_of(member) == []


def test_without_a_session_there_are_no_squads(organisation: Folder) -> None:
    assert squads(AnonymousUser()) == []


def test_the_number_of_queries_does_not_grow(
    organisation: Folder, stranger: Any, member: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(5):
        squads(stranger)
    with django_assert_num_queries(5):
        squads_of(member)
    with django_assert_num_queries(3):
        members_of(PAYMENTS, nested=True)
