"""Brings the entities of one location in line with what was read there; the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flagstone.catalog.columns import columns_of, fingerprint
from flagstone.catalog.engine.entities import ReadDocument
from flagstone.catalog.engine.faults import Level, Problem
from flagstone.catalog.engine.relations import relations_of
from flagstone.catalog.engine.walking import Walk
from flagstone.catalog.models import Entity, Location, Relation

_BATCH = 1000
# beyond this a list of problems is no longer read, and the row not small
MAX_PROBLEMS = 500
_KNOWN_COLUMNS = (
    "ref",
    "location_id",
    "fingerprint",
    "source_path",
    "source_index",
    "source_line",
    "status_items",
    "orphaned_at",
    "created_at",
    "changed_at",
)
_NEVER_UPDATED = frozenset({"id", "ref", "created_at", "name_key", "type_key"})


@dataclass(slots=True)
class Stored:
    """What changed, by canonical reference; `kept` are the last good versions of broken documents."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    contested: list[str] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def changed(self) -> list[str]:
        return sorted([*self.created, *self.updated, *self.orphaned])


def store(location: Location, found: Walk, now: datetime) -> Stored:
    """Write what a walk found: new and changed entities with their relations, orphans, status items.

    An entity whose document broke keeps what it said last, and gets the problems. A name that another
    location holds stays there, and the second claim becomes a problem that names the holder.
    """
    return _Storing(location, found, now).run()


class _Storing:
    def __init__(self, location: Location, found: Walk, now: datetime) -> None:
        self._location = location
        self._found = found
        self._now = now
        self._mine = {
            entity.ref: entity
            for entity in Entity.objects.filter(location=location).only(*_KNOWN_COLUMNS)
        }
        self._stored = Stored(problems=list(found.problems))
        self._by_ref, self._by_path = self._blame()
        self._broken_files = set(found.unreadable) | {
            read.path for read in found.documents if not read.accepted
        }

    def run(self) -> Stored:
        claims = self._claims()
        holders = self._holders(claims)
        rows: list[Entity] = []
        changed: list[ReadDocument] = []
        for ref, read in claims.items():
            holder = holders.get(ref)
            if holder is not None and holder.orphaned_at is None:
                self._contest(read, ref, holder)
                continue
            old = self._mine.get(ref) or holder
            row, said_anew = self._row(read, old)
            if row is None:
                self._stored.unchanged += 1
                continue
            rows.append(row)
            if said_anew:
                changed.append(read)
                (self._stored.updated if old else self._stored.created).append(ref)
            else:
                self._stored.unchanged += 1
        _write(rows, changed)
        self._settle_unseen(claims)
        return self._stored

    def _claims(self) -> dict[str, ReadDocument]:
        """The accepted document of each name; of two in this location, the one that holds it already."""
        claims: dict[str, ReadDocument] = {}
        second: list[ReadDocument] = []
        for read in self._found.documents:
            self._stored.problems += read.problems
            if not read.accepted or read.ref is None:
                continue
            ref = read.ref.canonical
            if ref in claims and not self._holds(ref, read, claims[ref]):
                second.append(read)
                continue
            if ref in claims:
                second.append(claims[ref])
            claims[ref] = read
        for read in second:
            if read.ref is not None:
                first = claims[read.ref.canonical]
                self._tell_taken(read, f"{first.path} (line {first.line}) of the same location")
        for ref, read in list(claims.items()):
            holder = self._broken_holder(ref, read)
            if holder is not None:
                del claims[ref]
                place = f"{holder.source_path} (line {holder.source_line})"
                self._tell_taken(
                    read, f"{place} of the same location, whose last good version counts"
                )
        return claims

    def _broken_holder(self, ref: str, read: ReadDocument) -> Entity | None:
        """The entity that has the name, while its own file is broken: somebody else's claim has to wait."""
        holder = self._mine.get(ref)
        if holder is None or holder.orphaned_at is not None or holder.source_path == read.path:
            return None
        return holder if holder.source_path in self._broken_files else None

    def _holds(self, ref: str, read: ReadDocument, first: ReadDocument) -> bool:
        old = self._mine.get(ref)
        if old is None or old.orphaned_at is not None or old.source_path == first.path:
            return False
        return old.source_path == read.path

    def _holders(self, claims: Iterable[str]) -> dict[str, Entity]:
        others = Entity.objects.filter(ref__in=[ref for ref in claims if ref not in self._mine])
        return {
            entity.ref: entity
            for entity in others.select_related("location__repository").only(
                *_KNOWN_COLUMNS, "location__path", "location__repository"
            )
        }

    def _contest(self, read: ReadDocument, ref: str, holder: Entity) -> None:
        self._stored.contested.append(ref)
        place = f"{holder.source_path} (line {holder.source_line}) in {holder.location}"
        self._tell_taken(read, place)

    def _tell_taken(self, read: ReadDocument, holder: str) -> None:
        message = (
            f"The name {read.ref} is taken by {holder}. Names differ by more than their case; "
            "rename one of the two, or take it out."
        )
        ref = read.ref.canonical if read.ref else ""
        line = read.line_of(("metadata", "name"))
        self._stored.problems.append(
            Problem(Level.ERROR, "catalog.name_taken", message, read.path, line, ref=ref)
        )

    def _row(self, read: ReadDocument, old: Entity | None) -> tuple[Entity | None, bool]:
        """The row to write, None if nothing changed; and whether what it says changed."""
        mark = fingerprint(read.raw or {})
        items = _items(read.problems)
        said_anew = (
            old is None
            or old.fingerprint != mark
            or old.orphaned_at is not None
            or old.location_id != self._location.pk
        )
        if old is not None and not said_anew:
            place = (old.source_path, old.source_index, old.source_line)
            if place == (read.path, read.index, read.line) and old.status_items == items:
                return None, False
        if read.ref is None:
            raise AssertionError("an accepted document names its entity")
        return Entity(
            **columns_of(read, read.ref),
            location=self._location,
            fingerprint=mark,
            status_items=items,
            orphaned_at=None,
            created_at=old.created_at if old else self._now,
            changed_at=self._now if said_anew or old is None else old.changed_at,
        ), said_anew

    def _settle_unseen(self, claims: dict[str, ReadDocument]) -> None:
        """Keep the last good version where a broken document may be to blame; orphan the rest."""
        kept: list[Entity] = []
        orphaned: list[int] = []
        for ref, entity in self._mine.items():
            if ref in claims:
                continue
            problems = self._by_ref.get(ref) or self._by_path.get(entity.source_path)
            if problems:
                kept.append(entity)
                entity.status_items = _items(problems)
                if ref in self._by_ref:
                    entity.orphaned_at = None
            elif self._found.complete and entity.orphaned_at is None:
                orphaned.append(entity.pk)
                self._stored.orphaned.append(ref)
        self._stored.kept = [entity.ref for entity in kept]
        Entity.objects.bulk_update(kept, ["status_items", "orphaned_at"], batch_size=_BATCH)
        Entity.objects.filter(pk__in=orphaned).update(orphaned_at=self._now, status_items=[])

    def _blame(self) -> tuple[dict[str, list[Problem]], dict[str, list[Problem]]]:
        """The problems of refused documents: of those that name an entity of ours, and of the rest by file."""
        by_ref: dict[str, list[Problem]] = {}
        by_path = {path: [problem] for path, problem in self._found.unreadable.items()}
        for read in self._found.documents:
            if read.accepted:
                continue
            ref = read.ref.canonical if read.ref else ""
            if ref in self._mine:
                by_ref.setdefault(ref, []).extend(read.problems)
            else:
                by_path.setdefault(read.path, []).extend(read.problems)
        return by_ref, by_path


def _write(rows: list[Entity], changed: list[ReadDocument]) -> None:
    columns = [f.name for f in Entity._meta.concrete_fields if f.name not in _NEVER_UPDATED]  # noqa: SLF001 - Django's own name for it
    written = Entity.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["ref"],
        update_fields=columns,
        batch_size=_BATCH,
    )
    pks = {entity.ref: entity.pk for entity in written}
    declared = [(pks[read.ref.canonical], read.raw) for read in changed if read.ref and read.raw]
    Relation.objects.filter(declared_by__in=[pk for pk, _ in declared]).delete()
    Relation.objects.bulk_create(
        [
            Relation(
                declared_by_id=pk, source_ref=edge.source, type=edge.type, target_ref=edge.target
            )
            for pk, raw in declared
            for edge in relations_of(raw)
        ],
        batch_size=_BATCH,
    )


def _items(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [problem.as_item() for problem in problems]
