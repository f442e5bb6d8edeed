from __future__ import annotations

from typing import Any

import pytest

from flagstone.catalog.columns import columns_of, fingerprint
from flagstone.catalog.engine.reading import read_file
from tests.catalog.conftest import dump
from tests.catalog.engine.samples import entity


def columns(raw: dict[str, Any]) -> dict[str, Any]:
    (read,) = read_file("f.yaml", dump(raw).encode())
    assert read.ref is not None
    return columns_of(read, read.ref)


@pytest.mark.parametrize(
    ("_case", "changes", "tier"),
    [
        ("none", {}, ""),
        ("spec", {"spec__tier": "critical"}, "critical"),
        ("number in the spec", {"spec__tier": 1}, "1"),
        ("label", {"metadata__labels": {"tier": "2"}}, "2"),
        ("our label", {"metadata__labels": {"flagstone.dev/tier": "3"}}, "3"),
        (
            "our label before the plain one",
            {"metadata__labels": {"tier": "2", "flagstone.dev/tier": "3"}},
            "3",
        ),
        ("spec before label", {"spec__tier": "1", "metadata__labels": {"tier": "2"}}, "1"),
        ("empty in the spec", {"spec__tier": "", "metadata__labels": {"tier": "2"}}, "2"),
        ("no text", {"spec__tier": ["1"]}, ""),
        ("true", {"spec__tier": True}, ""),
    ],
)
def test_the_tier_stands_in_the_spec_or_in_a_label(
    _case: str, changes: dict[str, Any], tier: str
) -> None:
    assert columns(entity(**changes))["tier"] == tier


def test_a_search_looks_in_all_that_people_remember() -> None:
    raw = entity(
        metadata__name="Checkout",
        metadata__title="Pay Desk",
        metadata__description="Takes the MONEY.",
        metadata__tags=["go"],
        spec__owner="group:eu/Payments",
        spec__system="Shop",
    )

    assert columns(raw)["search_text"] == (
        "checkout pay desk component:default/checkout payments shop service go takes the money."
    )


def test_a_person_is_found_by_name_and_mail() -> None:
    raw = entity(
        "User",
        metadata__name="mia",
        spec__profile={"displayName": "Mia Wong", "email": "mia@example.com"},
    )

    assert columns(raw)["search_text"] == "mia user:default/mia mia wong mia@example.com"


def test_what_is_no_text_leaves_its_column_empty() -> None:
    raw = {
        "apiVersion": "acme.io/v1",
        "kind": "Database",
        "metadata": {
            "name": "ledger",
            "title": {"$text": "x"},
            "labels": {"$text": "x"},
            "tags": {"$yaml": "x"},
        },
        "spec": {"owner": 1, "type": ["a"], "lifecycle": None},
    }

    found = columns(raw)

    assert (found["title"], found["type"], found["lifecycle"], found["owner_ref"]) == (
        "",
        "",
        "",
        "",
    )
    assert (found["tags"], found["labels"]) == ([], {})
    assert found["extra"] == {
        "title": {"$text": "x"},
        "labels": {"$text": "x"},
        "tags": {"$yaml": "x"},
    }


def test_the_fingerprint_is_of_what_is_said_not_of_how() -> None:
    one = entity(metadata__name="a")
    same = dict(reversed(entity(metadata__name="a").items()))

    assert fingerprint(one) == fingerprint(same)
    assert fingerprint(one) != fingerprint(entity(metadata__name="A"))
