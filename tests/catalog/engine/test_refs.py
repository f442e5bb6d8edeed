from __future__ import annotations

import pytest

from flagstone.catalog.engine.refs import EntityRef, InvalidRef


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("payments", "group:default/payments"),
        ("user:maria", "user:default/maria"),
        ("User:Default/Maria", "user:default/maria"),
        ("platform/payments", "group:platform/payments"),
        ("group:platform/Payments", "group:platform/payments"),
        ("a:b:c", "a:default/b:c"),
        ("a/b:c", "group:a/b:c"),
        ("a:b/c/d", "a:b/c/d"),
        ("john@example.com", "group:default/john@example.com"),
    ],
)
def test_a_reference_is_read_with_defaults(text: str, canonical: str) -> None:
    assert EntityRef.parse(text, default_kind="Group").canonical == canonical


def test_the_namespace_defaults_to_the_one_given() -> None:
    ref = EntityRef.parse("payments", default_kind="Group", default_namespace="eu")

    assert (ref.kind, ref.namespace, ref.name) == ("Group", "eu", "payments")


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("empty", ""),
        ("no kind and no default", "payments"),
        ("empty kind", ":payments"),
        ("empty namespace", "group:/payments"),
        ("empty name", "group:default/"),
        ("only separators", ":/"),
        ("longer than any name", "x" * 256),
        ("compound", {"kind": "Group", "namespace": "default", "name": "payments"}),
        ("a number", 12),
        ("nothing", None),
    ],
)
def test_what_is_no_reference_is_refused(_case: str, text: object) -> None:
    with pytest.raises(InvalidRef) as caught:
        EntityRef.parse(text)

    assert caught.value.code == "catalog.ref_invalid"


def test_a_missing_kind_is_told_with_an_example() -> None:
    with pytest.raises(InvalidRef) as caught:
        EntityRef.parse("ledger")

    assert str(caught.value) == (
        'The reference "ledger" does not say of what kind it is; write it first, for example component:ledger.'
    )


def test_case_makes_no_difference_to_identity() -> None:
    one = EntityRef("Component", "default", "Checkout")
    other = EntityRef("component", "Default", "checkout")

    assert one == other
    assert len({one, other}) == 1
    assert one != EntityRef("Component", "default", "quote")
    assert str(one) == "component:default/checkout"


@pytest.mark.parametrize(
    ("ref", "short"),
    [
        (EntityRef("Group", "default", "payments"), "payments"),
        (EntityRef("group", "eu", "Payments"), "eu/Payments"),
        (EntityRef("User", "default", "maria"), "user:maria"),
    ],
)
def test_people_see_what_does_not_go_without_saying(ref: EntityRef, short: str) -> None:
    assert ref.short(default_kind="Group") == short
