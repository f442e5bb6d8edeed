from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from flagstone.catalog import pipeline
from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.catalog.models import Entity, Location, LocationState, Relation
from flagstone.catalog.sources import FolderSource
from flagstone.core.models import AuditEntry
from tests.catalog.conftest import Folder, dump, group, person, service
from tests.catalog.engine.samples import DELETE, entity
from tests.catalog.telling import CHECKOUT, relations, told

BOMB = "\n".join(
    ["a0: &a0 [" + ", ".join(["lol"] * 10) + "]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
)


def test_what_a_folder_holds_is_in_the_catalogue(folder: Folder, get: Any) -> None:
    folder.write(
        "all/catalog-info.yaml", group("payments"), person("maria", spec__memberOf=["payments"])
    )
    folder.write(
        "checkout/catalog-info.yaml",
        service(
            "Checkout",
            metadata__title="Checkout",
            metadata__description="Takes the money.",
            metadata__labels={"tier": "1"},
            metadata__annotations={"a/b": "c"},
            metadata__tags=["go"],
            metadata__links=[{"url": "https://example.com"}],
            metadata__more=[1],
            spec__system="shop",
            spec__dependsOn=["resource:ledger-db"],
        ),
    )
    folder.write("README.md", "kind: [")

    stored = folder.ingest()

    assert sorted(stored.created) == [CHECKOUT, "group:default/payments", "user:default/maria"]
    assert (stored.updated, stored.orphaned, stored.unchanged, stored.problems) == ([], [], 0, [])
    checkout = get("checkout")
    assert (checkout.kind, checkout.namespace, checkout.name) == (
        "Component",
        "default",
        "Checkout",
    )
    assert (checkout.type, checkout.lifecycle, checkout.tier) == ("service", "production", "1")
    assert (checkout.owner_ref, checkout.system_ref) == (
        "group:default/payments",
        "system:default/shop",
    )
    assert (checkout.source_path, checkout.source_index, checkout.source_line) == (
        "own/checkout/catalog-info.yaml",
        0,
        1,
    )
    assert checkout.status_items == []
    assert checkout.document == {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "name": "Checkout",
            "namespace": "default",
            "title": "Checkout",
            "description": "Takes the money.",
            "labels": {"tier": "1"},
            "annotations": {"a/b": "c"},
            "tags": ["go"],
            "links": [{"url": "https://example.com"}],
            "more": [1],
        },
        "spec": {
            "type": "service",
            "lifecycle": "production",
            "owner": "payments",
            "system": "shop",
            "dependsOn": ["resource:ledger-db"],
        },
    }
    assert relations(CHECKOUT) == [
        "dependsOn resource:default/ledger-db",
        "ownedBy group:default/payments",
        "partOf system:default/shop",
    ]
    assert (
        relations("group:default/payments")
        == [f"ownerOf {CHECKOUT}", "hasMember user:default/maria"][::-1]
    )
    assert (folder.location.state, folder.location.error) == (LocationState.READ, "")
    assert folder.location.read_at is not None


def test_read_twice_it_changes_nothing(
    folder: Folder, get: Any, heard: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        folder.put(service(), group("payments"))
    before = Entity.objects.order_by("ref").values_list("pk", "ref", "changed_at", "created_at")
    rows = list(before)
    relation_ids = set(Relation.objects.values_list("pk", flat=True))

    with django_capture_on_commit_callbacks(execute=True):
        stored = folder.ingest()

    assert (stored.changed, stored.unchanged) == ([], 2)
    assert list(before.all()) == rows
    assert set(Relation.objects.values_list("pk", flat=True)) == relation_ids
    assert heard["changed"] == [[CHECKOUT, "group:default/payments"]]


def test_a_change_is_taken_and_its_relations_with_it(
    folder: Folder, get: Any, heard: Any, django_capture_on_commit_callbacks: Any
) -> None:
    folder.put(
        service(spec__dependsOn=["resource:a"]), service("quote", spec__dependsOn=["resource:a"])
    )
    first = get("checkout")
    quote_relations = set(
        Relation.objects.filter(declared_by=get("quote")).values_list("pk", flat=True)
    )

    with django_capture_on_commit_callbacks(execute=True):
        stored = folder.put(
            service(spec__owner="shop"), service("quote", spec__dependsOn=["resource:a"])
        )

    assert (stored.updated, stored.created, stored.unchanged) == ([CHECKOUT], [], 1)
    checkout = get("checkout")
    assert (checkout.pk, checkout.created_at) == (first.pk, first.created_at)
    assert checkout.changed_at > first.changed_at
    assert relations(CHECKOUT) == ["ownedBy group:default/shop"]
    assert relations("group:default/payments") == ["ownerOf component:default/quote"]
    assert (
        set(Relation.objects.filter(declared_by=get("quote")).values_list("pk", flat=True))
        == quote_relations
    )
    assert heard["changed"] == [[CHECKOUT]]


def test_a_document_that_moved_is_not_a_change(folder: Folder, get: Any) -> None:
    folder.put(service())
    first = get("checkout")

    stored = folder.put("# a comment\n" + dump(service()))

    assert (stored.changed, stored.unchanged) == ([], 1)
    checkout = get("checkout")
    assert (checkout.source_line, checkout.changed_at) == (2, first.changed_at)


def test_a_name_written_in_another_case_is_the_same_entity(folder: Folder, get: Any) -> None:
    folder.put(service("checkout"))
    first = get("checkout")

    stored = folder.put(service("CheckOut"))

    assert stored.updated == [CHECKOUT]
    assert (get("checkout").pk, get("checkout").name) == (first.pk, "CheckOut")


@pytest.mark.parametrize(
    ("_case", "broken", "code", "line"),
    [
        ("a rule", dump(service(spec__lifecycle=DELETE)), "catalog.field_missing", 5),
        ("a name", dump(service("my service")), "catalog.field_invalid", 4),
        ("syntax", "kind: [\n", "catalog.yaml_invalid", 1),
        ("a key twice", dump(service()) + "kind: API\n", "catalog.yaml_invalid", 9),
        ("no entity", "- a\n", "catalog.not_an_entity", 1),
        ("an alias bomb", BOMB, "catalog.yaml_invalid", 5),
        ("nested too deep", "a: " + "[" * 500 + "]" * 500, "catalog.yaml_invalid", 1),
    ],
)
def test_the_last_good_version_survives_a_bad_edit(
    folder: Folder, get: Any, _case: str, broken: str, code: str, line: int
) -> None:
    folder.put(service(metadata__title="Good"), group("payments"))
    good = get("checkout")

    folder.write("catalog-info.yaml", broken + "\n---\n", group("payments"))
    stored = folder.ingest()

    assert (stored.kept, stored.changed) == ([CHECKOUT], [])
    kept = get("checkout")
    assert (kept.title, kept.changed_at, kept.orphaned_at) == ("Good", good.changed_at, None)
    assert told(kept) == [("error", code, line)]
    assert kept.status_items[0]["path"] == "own/catalog-info.yaml"
    assert relations(CHECKOUT) == ["ownedBy group:default/payments"]
    assert told(Entity.objects.get(kind="Group")) == []
    assert [p["code"] for p in folder.location.problems] == [code]

    stored = folder.put(service(metadata__title="Mended"), group("payments"))

    assert stored.updated == [CHECKOUT]
    assert (get("checkout").title, get("checkout").status_items) == ("Mended", [])
    assert folder.location.problems == []


@pytest.mark.parametrize("text", ["kind: [", "a: " + "x" * 5_242_880])
def test_a_file_that_breaks_whole_keeps_all_it_held(folder: Folder, text: str) -> None:
    folder.put(service("a"), service("b"), service("c"))

    stored = folder.put(text)

    assert sorted(stored.kept) == [f"component:default/{name}" for name in "abc"]
    assert Entity.objects.alive().count() == 3


def test_a_document_taken_out_becomes_an_orphan_and_comes_back(
    folder: Folder, get: Any, heard: Any, django_capture_on_commit_callbacks: Any
) -> None:
    folder.put(service("a"), service("b"))

    with django_capture_on_commit_callbacks(execute=True):
        stored = folder.put(service("b"))

    assert (stored.orphaned, stored.unchanged) == (["component:default/a"], 1)
    assert get("a").is_orphan
    assert [e.name for e in Entity.objects.alive()] == ["b"]
    assert heard == {"changed": [["component:default/a"]], "freed": [["component:default/a"]]}
    first = get("a").orphaned_at
    folder.ingest()
    assert get("a").orphaned_at == first

    stored = folder.put(service("a"), service("b"))

    assert stored.updated == ["component:default/a"]
    assert not get("a").is_orphan


def test_a_file_that_is_gone_orphans_what_it_held(folder: Folder, get: Any) -> None:
    file = folder.write("a/catalog-info.yaml", service("a"))
    folder.write("b/catalog-info.yaml", service("b"))
    folder.ingest()

    file.unlink()
    stored = folder.ingest()

    assert stored.orphaned == ["component:default/a"]
    assert get("a").is_orphan


def test_a_folder_that_is_gone_changes_nothing(folder: Folder, get: Any) -> None:
    folder.put(service())
    folder.root.rename(folder.root.with_name("moved"))

    stored = folder.ingest()

    assert (stored.changed, stored.kept) == ([], [])
    assert not get("checkout").is_orphan
    assert folder.location.state == LocationState.FAILED
    assert folder.location.error == (
        f"{folder.location.path} does not exist any more, or cannot be seen from here."
    )


def test_a_file_that_cannot_be_read_now_keeps_what_it_said(
    folder: Folder, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put(service())

    def refuse(self: FolderSource, path: str) -> bytes:
        raise Unresolved("Permission denied.")

    monkeypatch.setattr(FolderSource, "read", refuse)
    stored = folder.ingest()

    assert (stored.kept, stored.orphaned) == ([CHECKOUT], [])
    assert [item["message"] for item in get("checkout").status_items] == [
        "own/catalog-info.yaml cannot be read: Permission denied."
    ]


def test_a_broken_location_entity_still_leads_to_its_files(folder: Folder, get: Any) -> None:
    folder.write("teams/a.yaml", service("a"))
    folder.put(entity("Location", metadata__name="all", spec={"targets": ["./teams/a.yaml"]}))
    folder.put(entity("Location", metadata__name="all", spec={"targets": "./teams/a.yaml"}))

    assert not get("a").is_orphan
    assert told(Entity.objects.get(kind="Location")) == [("error", "catalog.field_invalid", 6)]


def test_a_target_that_is_gone_is_told_on_the_location_entity(folder: Folder) -> None:
    folder.put(
        entity("Location", metadata__name="all", spec={"targets": ["./gone.yaml", "../../up.yaml"]})
    )

    assert told(Entity.objects.get(kind="Location")) == [
        ("error", "catalog.file_missing", 7),
        ("warning", "catalog.target_refused", 8),
    ]


def test_a_link_out_of_the_folder_is_not_there(folder: Folder, tmp_path: Any) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text(dump(service("secret")))
    (folder.root / "link.yaml").symlink_to(secret)
    folder.put(
        entity("Location", metadata__name="all", spec={"target": "./link.yaml"}),
        entity("API", metadata__name="pay", spec__definition={"$text": "./link.yaml"}),
    )

    assert sorted(Entity.objects.values_list("ref", flat=True)) == [
        "api:default/pay",
        "location:default/all",
    ]
    assert Entity.objects.get(kind="API").spec["definition"] == {"$text": "./link.yaml"}


def test_placeholders_are_filled_in(folder: Folder) -> None:
    folder.write("openapi.yaml", "openapi: 3.1.0\n")
    folder.put(entity("API", metadata__name="pay", spec__definition={"$text": "./openapi.yaml"}))
    api = Entity.objects.get()
    assert api.spec["definition"] == "openapi: 3.1.0\n"

    folder.write("openapi.yaml", "openapi: 3.2.0\n")

    assert folder.ingest().updated == ["api:default/pay"]
    assert Entity.objects.get().spec["definition"] == "openapi: 3.2.0\n"


def test_hostile_texts_are_stored_as_they_are(folder: Folder, get: Any) -> None:
    nasty = "{{ 7*7 }} <script>alert(1)</script> '; DROP TABLE x; -- \u202e \U0001f4a5 %s \\x00"

    folder.put(service(metadata__title=nasty, spec__lifecycle="x" * 100_000, spec__owner="İ" * 255))

    checkout = get("checkout")
    assert checkout.title == nasty
    assert len(checkout.lifecycle) == 100_000
    assert checkout.owner_ref == "group:default/" + "i̇" * 255


def test_a_location_that_was_taken_out_is_no_error(folder: Folder) -> None:
    pk = folder.location.pk
    folder.location.delete()

    assert pipeline.ingest(pk).changed == []


def test_many_problems_are_kept_to_a_readable_number(folder: Folder) -> None:
    folder.put(*(service(f"my service {n}") for n in range(600)))

    assert len(folder.location.problems) == 500


def test_orphans_are_removed_after_the_days_they_are_kept(
    folder: Folder, heard: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.FLAGSTONE_CATALOG_ORPHAN_DAYS = 7
    folder.put(service("a"), service("b"), service("c"))
    folder.put(service("c"))
    Entity.objects.filter(name="a").update(
        orphaned_at=timezone.now() - timedelta(days=7, minutes=1)
    )
    Entity.objects.filter(name="b").update(orphaned_at=timezone.now() - timedelta(days=6, hours=23))

    with django_capture_on_commit_callbacks(execute=True):
        removed = pipeline.remove_orphans()

    assert removed == ["component:default/a"]
    assert sorted(Entity.objects.values_list("name", flat=True)) == ["b", "c"]
    assert not Relation.objects.filter(source_ref="component:default/a").exists()
    assert heard["freed"][-1] == ["component:default/a"]
    entry = AuditEntry.objects.get(action="catalog.orphans_removed")
    assert (entry.actor, entry.data) == ("flagstone", {"refs": ["component:default/a"], "count": 1})
    assert pipeline.remove_orphans() == []
    assert AuditEntry.objects.filter(action="catalog.orphans_removed").count() == 1


def test_a_location_is_due_once_when_nobody_tried_it_lately(make_folder: Any) -> None:
    now = timezone.now()
    new, fresh, old = (make_folder(name).location for name in ("new", "fresh", "old"))
    Location.objects.filter(pk=fresh.pk).update(tried_at=now - timedelta(minutes=14))
    Location.objects.filter(pk=old.pk).update(tried_at=now - timedelta(minutes=16))

    assert sorted(pipeline.claim_due_locations(now)) == sorted([new.pk, old.pk])
    assert pipeline.claim_due_locations(now) == []
