from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.catalog.selectors import Criteria, Linked, Order, catalog_page, search
from tests.catalog.conftest import Folder, group, service
from tests.catalog.engine.samples import entity


@pytest.fixture
def shop(folder: Folder) -> Folder:
    folder.put(
        service(
            "checkout",
            metadata__title="Pay desk",
            metadata__tags=["go"],
            spec__system="shop",
            spec__tier="1",
        ),
        service("checkout-worker", spec__lifecycle="experimental", spec__tier="2"),
        service("pre-checkout", spec__owner="group:eu/quotes", spec__type="website"),
        service(
            "quote",
            metadata__description="Used by checkout.",
            spec__owner="nobody",
            metadata__tags=["go", "ai"],
        ),
        group("payments", metadata__title="Payments", spec__type="Squad"),
        entity("System", metadata__name="shop"),
    )
    return folder


def names(user: Any, **criteria: Any) -> list[str]:
    return [found.name for found in search(user, Criteria(**criteria))]


def test_the_name_itself_comes_first_then_its_beginning_then_the_rest(
    shop: Folder, stranger: Any
) -> None:
    assert names(stranger, text="checkout") == [
        "checkout",
        "checkout-worker",
        "pre-checkout",
        "quote",
    ]
    assert names(stranger, text="CHECKOUT") == names(stranger, text="checkout")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("check", ["checkout", "checkout-worker", "pre-checkout", "quote"]),
        ("pay desk", ["checkout"]),
        ("desk pay", ["checkout"]),
        ("checkout work", ["checkout-worker"]),
        ("quotes", ["pre-checkout"]),
        ("  ", ["checkout", "checkout-worker", "payments", "pre-checkout", "quote", "shop"]),
        ("100%", []),
        ("_", []),
        ("'; --", []),
    ],
)
def test_every_word_must_occur(shop: Folder, stranger: Any, text: str, found: list[str]) -> None:
    assert names(stranger, text=text) == found


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"kinds": ("Group",)}, ["payments"]),
        ({"kinds": ("Group", "System")}, ["payments", "shop"]),
        ({"types": ("website",)}, ["pre-checkout"]),
        ({"squads": ("group:eu/quotes", "group:default/nobody")}, ["pre-checkout", "quote"]),
        ({"systems": ("system:default/shop",)}, ["checkout"]),
        ({"lifecycles": ("experimental",)}, ["checkout-worker"]),
        ({"tiers": ("1", "2")}, ["checkout", "checkout-worker"]),
        ({"tags": ("ai", "none")}, ["quote"]),
        ({"refs": frozenset({"component:default/quote"})}, ["quote"]),
        ({"refs": frozenset()}, []),
        ({"text": "checkout", "tags": ("go",), "tiers": ("1",)}, ["checkout"]),
    ],
)
def test_fields_narrow_together(
    shop: Folder, stranger: Any, criteria: dict[str, Any], found: list[str]
) -> None:
    assert names(stranger, **criteria) == found


def test_the_order_can_be_chosen(shop: Folder, stranger: Any) -> None:
    Entity.objects.filter(name="quote").update(changed_at=timezone.now() + timedelta(minutes=1))

    assert names(stranger, kinds=("Component",), order=Order.NAME) == [
        "checkout",
        "checkout-worker",
        "pre-checkout",
        "quote",
    ]
    assert names(stranger, order=Order.CHANGED)[0] == "quote"
    assert names(stranger, kinds=("Component",), order=Order.OWNER) == [
        "quote",
        "checkout",
        "checkout-worker",
        "pre-checkout",
    ]


def test_a_page_shows_owners_and_systems_also_those_that_do_not_exist(
    shop: Folder, stranger: Any
) -> None:
    page = catalog_page(stranger, Criteria(kinds=("Component",), order=Order.NAME))

    assert (page.total, page.number, page.pages) == (4, 1, 1)
    assert [row.entity.name for row in page.rows] == [
        "checkout",
        "checkout-worker",
        "pre-checkout",
        "quote",
    ]
    assert page.rows[0].owner == Linked(
        "group:default/payments", "Payments", "group", "Squad", exists=True
    )
    assert page.rows[0].system == Linked("system:default/shop", "shop", "system", "", exists=True)
    assert page.rows[1].system is None
    assert page.rows[2].owner == Linked("group:eu/quotes", "eu/quotes", "group", "", exists=False)
    assert page.rows[3].owner == Linked("group:default/nobody", "nobody", "group", "", exists=False)


@pytest.mark.parametrize(
    ("number", "size", "expected"),
    [
        (1, 4, (["checkout", "checkout-worker", "payments", "pre-checkout"], 1, 2)),
        (2, 4, (["quote", "shop"], 2, 2)),
        (9, 4, (["quote", "shop"], 2, 2)),
        (0, 4, (["checkout", "checkout-worker", "payments", "pre-checkout"], 1, 2)),
        (3, 0, (["payments"], 3, 6)),
    ],
)
def test_pages(shop: Folder, stranger: Any, number: int, size: int, expected: Any) -> None:
    page = catalog_page(stranger, Criteria(), number=number, size=size)

    assert ([row.entity.name for row in page.rows], page.number, page.pages) == expected
    assert page.total == 6


def test_an_empty_catalogue_has_one_empty_page(stranger: Any) -> None:
    page = catalog_page(stranger, Criteria(text="x"))

    assert (page.rows, page.total, page.number, page.pages) == ([], 0, 1, 1)


def test_without_a_session_nothing_is_seen(shop: Folder, stranger: Any) -> None:
    assert catalog_page(AnonymousUser(), Criteria()).total == 0
    stranger.is_active = False
    assert catalog_page(stranger, Criteria()).total == 0


def test_a_page_takes_three_queries_however_long(
    shop: Folder, stranger: Any, django_assert_num_queries: Any
) -> None:
    for size in (1, 6):
        with django_assert_num_queries(3):
            page = catalog_page(stranger, Criteria(text="checkout"), size=size)
            assert [row.entity.display_name for row in page.rows]
