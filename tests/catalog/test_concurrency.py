"""Readings that run at once: one at a time per location, and one holder per name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from flagstone.catalog import pipeline, reading
from flagstone.catalog.models import Entity, Location, LocationType, Relation
from tests.catalog.conftest import dump, service

pytestmark = pytest.mark.django_db(transaction=True)
CHECKOUT = "component:default/checkout"


@pytest.fixture
def place(settings: Any, tmp_path: Path) -> Callable[[str], Location]:
    settings.FLAGSTONE_CATALOG_ROOTS = [str(tmp_path)]

    def make(name: str) -> Location:
        (tmp_path / name).mkdir()
        return Location.objects.create(type=LocationType.FILE, path=str(tmp_path / name))

    return make


def write(location: Location, *documents: dict[str, Any]) -> None:
    (Path(location.path) / "catalog-info.yaml").write_text(dump(*documents))


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run the works in threads that begin together, each with a connection of its own."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait(10)
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(60) for future in [pool.submit(run, work) for work in works]]


def test_a_location_read_by_many_at_once_is_stored_once(place: Any) -> None:
    location = place("own")
    write(location, *(service(f"s{n}", spec__dependsOn=["resource:db"]) for n in range(40)))

    results = at_once(*[lambda: pipeline.ingest(location.pk)] * 6)

    assert sorted(len(stored.created) for stored in results) == [0, 0, 0, 0, 0, 40]
    assert [stored.updated for stored in results] == [[]] * 6
    assert Entity.objects.count() == 40
    assert Relation.objects.count() == 40 * 4


def test_a_second_reading_waits_so_that_older_content_never_wins(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = place("own")
    write(location, service(metadata__title="Old"))
    was_read, may_go_on = threading.Event(), threading.Event()
    real = reading.read_location

    def slow_once(given: Location) -> Any:
        found = real(given)
        if not was_read.is_set():
            was_read.set()
            assert may_go_on.wait(20)
        return found

    monkeypatch.setattr(pipeline, "read_location", slow_once)

    def second() -> Any:
        assert was_read.wait(10)
        write(location, service(metadata__title="New"))
        threading.Timer(0.5, may_go_on.set).start()
        return pipeline.ingest(location.pk)

    first_stored, second_stored = at_once(lambda: pipeline.ingest(location.pk), second)

    assert (first_stored.created, second_stored.updated) == ([CHECKOUT], [CHECKOUT])
    assert Entity.objects.get().title == "New"


def test_of_two_locations_that_want_a_name_at_once_one_gets_it(place: Any) -> None:
    locations = [place(f"l{n}") for n in range(5)]
    for number, location in enumerate(locations):
        write(location, service("Checkout" if number % 2 else "checkout"), service(f"own-{number}"))

    results = at_once(*(lambda pk=each.pk: pipeline.ingest(pk) for each in locations))

    winners = [stored for stored in results if CHECKOUT in stored.created]
    losers = [stored for stored in results if stored.contested == [CHECKOUT]]
    assert (len(winners), len(losers)) == (1, 4)
    assert Entity.objects.count() == 6
    holder = Entity.objects.get(ref=CHECKOUT).location
    refused = Location.objects.claiming([CHECKOUT])
    assert sorted(refused.values_list("pk", flat=True)) == sorted(
        each.pk for each in locations if each != holder
    )


def test_a_location_taken_out_while_it_is_read_stays_out(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = place("own")
    write(location, service())
    real = reading.read_location

    def read_and_lose(given: Location) -> Any:
        found = real(given)
        Location.objects.filter(pk=given.pk).delete()
        return found

    monkeypatch.setattr(pipeline, "read_location", read_and_lose)

    assert pipeline.ingest(location.pk).changed == []
    assert not Entity.objects.exists()


def test_a_reading_that_fails_lets_the_next_one_in(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = place("own")
    write(location, service())

    def fail(given: Location) -> Any:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "read_location", fail)
        with pytest.raises(RuntimeError):
            pipeline.ingest(location.pk)

    (stored,) = at_once(lambda: pipeline.ingest(location.pk))
    assert stored.created == [CHECKOUT]


def test_nothing_is_stored_or_told_when_the_storing_fails(
    place: Any, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = place("own")
    write(location, service("a"))
    pipeline.ingest(location.pk)
    write(location, service("a", metadata__title="New"), service("b"))

    def fail(*words: Any, **names: Any) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Relation.objects, "bulk_create", fail)
        with pytest.raises(RuntimeError):
            pipeline.ingest(location.pk)

    assert list(Entity.objects.values_list("name", "title")) == [("a", "")]
    assert heard["changed"] == [["component:default/a"]]
    assert pipeline.ingest(location.pk).changed == ["component:default/a", "component:default/b"]
    assert connection.in_atomic_block is False
