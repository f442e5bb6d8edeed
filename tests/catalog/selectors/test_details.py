from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from flagstone.catalog.errors import EntityNotFound
from flagstone.catalog.selectors import Linked, detail, get_entity, name_is_taken
from tests.catalog.conftest import Folder, group, person, service
from tests.catalog.engine.samples import entity


@pytest.fixture
def shop(folder: Folder) -> Folder:
    folder.put(
        service(
            "Checkout",
            spec__system="shop",
            spec__dependsOn=["component:quote", "resource:ledger", "broken"],
            spec__providesApis=["pay"],
        ),
        service("quote", spec__consumesApis=["pay"], spec__owner="gone"),
        entity("API", metadata__name="pay"),
        entity("System", metadata__name="shop"),
        group(
            "payments", spec__profile={"displayName": "Payments"}, spec__members=["maria", "maria"]
        ),
        person("maria", spec__memberOf=["payments"], spec__profile={"displayName": "Maria Li"}),
    )
    return folder


def test_a_page_shows_relations_both_ways_in_order(shop: Folder, stranger: Any) -> None:
    found = detail(stranger, "Component:Default/CHECKOUT")

    assert found.entity.name == "Checkout"
    assert found.owner == Linked("group:default/payments", "Payments", "group", "squad")
    assert found.system == Linked("system:default/shop", "shop", "system")
    assert [(g.type, g.label, [item.label for item in g.items]) for g in found.relations] == [
        ("ownedBy", "Owned by", ["Payments"]),
        ("partOf", "Part of", ["shop"]),
        ("providesApi", "Provides", ["pay"]),
        ("dependsOn", "Depends on", ["ledger", "quote"]),
    ]
    assert [item.exists for item in found.relations[3].items] == [False, True]


def test_the_other_end_shows_it_too(shop: Folder, stranger: Any) -> None:
    api = detail(stranger, "api:default/pay")

    assert [(g.label, [item.label for item in g.items]) for g in api.relations] == [
        ("Owned by", ["Payments"]),
        ("Provided by", ["Checkout"]),
        ("Consumed by", ["quote"]),
    ]


def test_what_is_declared_from_both_ends_is_shown_once(shop: Folder, stranger: Any) -> None:
    squad = detail(stranger, "group:default/payments")

    members = next(g for g in squad.relations if g.type == "hasMember")
    assert members.items == [Linked("user:default/maria", "Maria Li", "user")]


def test_problems_and_source_are_shown(shop: Folder, stranger: Any) -> None:
    found = detail(stranger, "component:default/checkout")

    assert [(item["level"], item["code"], item["line"]) for item in found.status_items] == [
        ("warning", "catalog.ref_invalid", 13)
    ]
    source = found.source
    assert (source.path, source.line, source.commit, source.url) == (
        "own/catalog-info.yaml",
        1,
        "",
        None,
    )
    assert source.place == str(shop.location)


def test_a_dangling_owner_is_shown_as_such(shop: Folder, stranger: Any) -> None:
    assert detail(stranger, "component:default/quote").owner == Linked(
        "group:default/gone", "gone", "group", exists=False
    )


def test_what_is_not_there_is_not_found(shop: Folder, stranger: Any) -> None:
    with pytest.raises(EntityNotFound) as caught:
        detail(stranger, "component:default/nothing")

    assert str(caught.value) == (
        "The catalogue has no component:default/nothing. It may be called otherwise, or its location is not "
        "registered."
    )
    with pytest.raises(EntityNotFound):
        get_entity(AnonymousUser(), "component:default/checkout")


def test_a_page_takes_three_queries(
    shop: Folder, stranger: Any, django_assert_num_queries: Any
) -> None:
    for ref in ("component:default/checkout", "group:default/payments"):
        with django_assert_num_queries(3):
            detail(stranger, ref)


@pytest.mark.parametrize("name", ["checkout", "CHECKOUT", "Checkout"])
def test_a_name_is_taken_in_any_case(shop: Folder, name: str) -> None:
    holder = name_is_taken("Component", "default", name)

    assert holder is not None
    assert holder.ref == "component:default/checkout"


@pytest.mark.parametrize(
    ("kind", "namespace", "name"),
    [
        ("Component", "eu", "checkout"),
        ("API", "default", "checkout"),
        ("Component", "default", "check"),
    ],
)
def test_a_name_elsewhere_is_free(shop: Folder, kind: str, namespace: str, name: str) -> None:
    assert name_is_taken(kind, namespace, name) is None


def test_the_name_of_an_orphan_is_taken_while_it_is_kept(shop: Folder) -> None:
    shop.put(service("other"))

    assert name_is_taken("component", "DEFAULT", "checkout") is not None
