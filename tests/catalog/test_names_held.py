"""Who holds a name when two files ask for it."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.catalog.models import Entity
from tests.catalog.conftest import Folder, service
from tests.catalog.engine.samples import entity
from tests.catalog.telling import CHECKOUT, told


def test_the_first_keeps_a_name_and_the_second_is_told_who_has_it(
    make_folder: Any, get: Any
) -> None:
    first, second = make_folder("first"), make_folder("second")
    first.put(service("checkout", metadata__title="First"))

    stored = second.put(service("CHECKOUT", metadata__title="Second"), service("quote"))

    assert (stored.created, stored.contested) == (["component:default/quote"], [CHECKOUT])
    assert (get("checkout").title, get("checkout").location) == ("First", first.location)
    assert second.location.contested_refs == [CHECKOUT]
    (problem,) = second.location.problems
    assert problem == {
        "level": "error",
        "code": "catalog.name_taken",
        "message": (
            "The name component:default/checkout is taken by first/catalog-info.yaml (line 1) in "
            f"{first.location.path}. Names differ by more than their case; rename one of the two, or take it out."
        ),
        "path": "second/catalog-info.yaml",
        "line": 4,
        "column": None,
        "ref": CHECKOUT,
    }


def test_the_second_gets_the_name_when_the_first_lets_go(make_folder: Any, get: Any) -> None:
    first, second = make_folder("first"), make_folder("second")
    first.put(service(metadata__title="First"))
    second.put(service(metadata__title="Second"))

    first.put(service("other"))
    stored = second.ingest()

    assert stored.updated == [CHECKOUT]
    assert (get("checkout").title, get("checkout").location, get("checkout").orphaned_at) == (
        "Second",
        second.location,
        None,
    )
    assert second.location.problems == []
    assert first.ingest().orphaned == []


def test_of_two_files_in_one_location_the_holder_keeps_the_name(folder: Folder, get: Any) -> None:
    folder.write("b/catalog-info.yaml", service(metadata__title="B"))
    folder.ingest()

    folder.write("a/catalog-info.yaml", service("Checkout", metadata__title="A"))
    stored = folder.ingest()

    assert stored.changed == []
    assert get("checkout").title == "B"
    (problem,) = folder.location.problems
    assert (problem["code"], problem["path"]) == ("catalog.name_taken", "own/a/catalog-info.yaml")
    assert "taken by own/b/catalog-info.yaml (line 1) of the same location." in problem["message"]


@pytest.mark.parametrize("broken", ["a: [", "kind: Component\nmetadata: {name: checkout}\n"])
def test_a_broken_file_does_not_lose_its_name_to_another(
    folder: Folder, get: Any, broken: str
) -> None:
    folder.write("b/catalog-info.yaml", service(metadata__title="B"))
    folder.ingest()

    folder.write("a/catalog-info.yaml", service("Checkout", metadata__title="A"))
    folder.write("b/catalog-info.yaml", broken)
    stored = folder.ingest()

    assert (stored.changed, stored.kept) == ([], [CHECKOUT])
    assert (get("checkout").title, get("checkout").source_path) == ("B", "own/b/catalog-info.yaml")
    assert told(get("checkout"))[0][0] == "error"
    taken = [p for p in folder.location.problems if p["code"] == "catalog.name_taken"]
    assert [problem["path"] for problem in taken] == ["own/a/catalog-info.yaml"]

    folder.write("b/catalog-info.yaml", service(metadata__title="B"))
    folder.ingest()
    assert (get("checkout").title, get("checkout").status_items) == ("B", [])


def test_an_entity_that_moved_to_another_file_keeps_its_name(folder: Folder, get: Any) -> None:
    folder.write("b/catalog-info.yaml", service(metadata__title="B"))
    folder.ingest()
    (folder.root / "b" / "catalog-info.yaml").unlink()
    folder.write("a/catalog-info.yaml", service(metadata__title="A"))

    assert folder.ingest().changed == [CHECKOUT]
    assert (get("checkout").title, get("checkout").source_path) == ("A", "own/a/catalog-info.yaml")


def test_twice_in_one_file_the_first_document_has_the_name(folder: Folder, get: Any) -> None:
    folder.put(service(metadata__title="One"), service(metadata__title="Two"))

    assert get("checkout").title == "One"
    (problem,) = folder.location.problems
    assert (problem["code"], problem["line"]) == ("catalog.name_taken", 14)


def test_entities_of_different_kinds_may_share_a_name(folder: Folder) -> None:
    folder.put(
        service("pay"), entity("API", metadata__name="pay"), entity("System", metadata__name="pay")
    )

    assert Entity.objects.count() == 3
    assert folder.location.problems == []
