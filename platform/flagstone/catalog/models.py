"""What the catalogue knows: entities, what they say about each other, and the places they are read from."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils import timezone

from flagstone.catalog.engine.refs import EntityRef

# a squad is a Group of one of these types, whatever the case they are written in
SQUAD_TYPES = ("squad", "team")
# what was read counts as fresh for so long: a change on disk is told by nobody
REFRESH_AFTER = timedelta(minutes=15)
# a message that a repository moved may be lost; its row remembers
CATCH_UP_AFTER = timedelta(minutes=1)
# a worker that is at a discovery touches its row more often than this
LEFT_ALONE_AFTER = timedelta(seconds=30)
PATH_LENGTH = 500
# kind, namespace and name of 63 characters each, and two separators
REF_LENGTH = 191
# what another entity is called may be any text that reads as a reference, and lower case can be longer
TARGET_LENGTH = 650


class LocationType(models.TextChoices):
    FILE = "file", "Folder or file"
    GIT = "git", "Git repository"


class LocationState(models.TextChoices):
    WAITING = "waiting", "Not read yet"
    READ = "read", "Read"
    FAILED = "failed", "Cannot be read"


class LocationQuerySet(models.QuerySet["Location"]):
    def due(self, now: datetime) -> Self:
        """Those not tried for a while, and sooner those whose repository is known to have moved on."""
        moved_on = Q(repository__isnull=False) & ~Q(repository__head_commit__in=("", F("commit")))
        return self.filter(
            Q(tried_at=None)
            | Q(tried_at__lt=now - REFRESH_AFTER)
            | (moved_on & Q(tried_at__lt=now - CATCH_UP_AFTER))
        )

    def claiming(self, refs: Iterable[str]) -> Self:
        """Those that hold entities of these names, but were not given them: somebody else was first."""
        return self.filter(contested_refs__overlap=list(refs))


class Location(models.Model):
    """A place that catalogue files are read from: a path below an allowed folder, or in a repository.

    `path` names a file, or many by a pattern such as `services/*/catalog-info.yaml`.
    """

    type = models.CharField(max_length=10, choices=LocationType.choices)
    repository = models.ForeignKey(
        "forge.Repository",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="catalog_locations",
    )
    path = models.CharField(max_length=PATH_LENGTH)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    registered_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(
        max_length=10, choices=LocationState.choices, default=LocationState.WAITING
    )
    tried_at = models.DateTimeField(null=True, blank=True, help_text="when it was last tried")
    read_at = models.DateTimeField(null=True, blank=True, help_text="when it was last read whole")
    commit = models.CharField(max_length=64, blank=True, help_text="what was read then")
    error = models.TextField(blank=True, help_text="why it cannot be read")
    problems = models.JSONField(
        default=list, blank=True, help_text="what the last reading found wrong in its files"
    )
    contested_refs = ArrayField(
        models.CharField(max_length=REF_LENGTH),
        default=list,
        blank=True,
        help_text="names that it has, but another location had first",
    )

    objects = LocationQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("type", "repository", "path"),
                nulls_distinct=False,
                name="one_location_per_place",
            ),
            models.CheckConstraint(
                condition=Q(type=LocationType.GIT, repository__isnull=False)
                | Q(type=LocationType.FILE, repository__isnull=True),
                name="only_git_has_a_repository",
            ),
        )

    def __str__(self) -> str:
        return f"{self.repository}: {self.path}" if self.repository else self.path


class EntityQuerySet(models.QuerySet["Entity"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """What a person may see: with a session all of it, without one nothing."""
        return self.all() if user.is_authenticated and user.is_active else self.none()

    def services(self) -> Self:
        return self.filter(kind="Component")

    def squads(self) -> Self:
        return self.filter(kind="Group", type_key__in=SQUAD_TYPES)

    def alive(self) -> Self:
        """Without those whose document is gone."""
        return self.filter(orphaned_at=None)

    def owned_by(self, refs: Iterable[str]) -> Self:
        return self.filter(owner_ref__in=list(refs))

    def by_name(self, ref: EntityRef | str) -> Self:
        return self.filter(ref=str(ref).lower())

    def matching(self, text: str) -> Self:
        """Those that hold every word of the text, the best first: the name itself, then its beginning."""
        words = text.casefold().split()
        if not words:
            return self.order_by("name_key", "ref")
        found = self
        for word in words:
            found = found.filter(search_text__contains=word)
        whole = " ".join(words)
        rank = Case(
            When(name_key=whole, then=Value(0)),
            When(name_key__startswith=whole, then=Value(1)),
            When(name_key__contains=words[0], then=Value(2)),
            default=Value(3),
            output_field=IntegerField(),
        )
        return found.order_by(rank, "name_key", "ref")

    def for_lists(self) -> Self:
        """Without the columns that no list shows; a definition can be megabytes."""
        return self.defer("spec", "annotations", "links", "extra", "search_text", "fingerprint")


class Entity(models.Model):
    """One thing of the organisation, as its file last said it in good order.

    `ref` is the identity, lower case throughout; kind, namespace and name are as they were written.
    """

    ref = models.CharField(max_length=REF_LENGTH, unique=True)
    api_version = models.CharField(max_length=317)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=63)
    title = models.TextField(blank=True)
    description = models.TextField(blank=True)
    type = models.TextField(blank=True)
    lifecycle = models.TextField(blank=True)
    tier = models.TextField(blank=True)
    owner_ref = models.CharField(max_length=TARGET_LENGTH, blank=True, db_index=True)
    system_ref = models.CharField(max_length=TARGET_LENGTH, blank=True, db_index=True)
    tags = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    labels = models.JSONField(default=dict, blank=True)
    annotations = models.JSONField(default=dict, blank=True)
    links = models.JSONField(default=list, blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="other fields of its metadata")
    spec = models.JSONField(null=True, blank=True)
    status_items = models.JSONField(
        default=list, blank=True, help_text="what is wrong with its document, each with its place"
    )
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="entities")
    source_path = models.TextField(help_text="the file it stands in")
    source_index = models.PositiveIntegerField(help_text="which document of that file, from 0")
    source_line = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of its document")
    orphaned_at = models.DateTimeField(
        null=True, blank=True, help_text="since when its document is gone"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="when what it says last changed")
    name_key = models.GeneratedField(
        expression=models.functions.Lower("name"),
        output_field=models.CharField(max_length=63),
        db_persist=True,
    )
    type_key = models.GeneratedField(
        expression=models.functions.Lower("type"),
        output_field=models.TextField(),
        db_persist=True,
    )
    search_text = models.TextField(blank=True, help_text="what a search looks in, case folded")

    objects = EntityQuerySet.as_manager()

    class Meta:
        ordering = ("name_key", "ref")
        verbose_name_plural = "entities"
        indexes = (
            models.Index(fields=("kind", "name_key")),
            models.Index(fields=("location", "source_path")),
        )

    def __str__(self) -> str:
        return self.ref

    @property
    def entity_ref(self) -> EntityRef:
        return EntityRef(self.kind, self.namespace, self.name)

    @property
    def display_name(self) -> str:
        """What people call it: its title, a person's or group's display name, else its name."""
        profile = self.spec.get("profile") if self.kind in {"User", "Group"} and self.spec else None
        shown = profile.get("displayName") if isinstance(profile, dict) else None
        return self.title or (shown if isinstance(shown, str) else "") or self.name

    @property
    def is_service(self) -> bool:
        return self.kind == "Component"

    @property
    def is_orphan(self) -> bool:
        return self.orphaned_at is not None

    @property
    def document(self) -> dict[str, Any]:
        """The entity as its file says it, in Backstage's form."""
        written = {
            "title": self.title,
            "description": self.description,
            "labels": self.labels,
            "annotations": self.annotations,
            "tags": self.tags,
            "links": self.links,
        }
        metadata = {"name": self.name, "namespace": self.namespace}
        metadata |= {key: value for key, value in written.items() if value} | self.extra
        body: dict[str, Any] = {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": metadata,
        }
        return body if self.spec is None else body | {"spec": self.spec}


class Relation(models.Model):
    """`source_ref` stands in the relation `type` to `target_ref`; each is kept in both directions.

    Either end may be missing from the catalogue: it was not registered yet, or never will be.
    """

    declared_by = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="declared_relations"
    )
    source_ref = models.CharField(max_length=TARGET_LENGTH)
    type = models.CharField(max_length=63)
    target_ref = models.CharField(max_length=TARGET_LENGTH)

    class Meta:
        ordering = ("source_ref", "type", "target_ref")
        constraints = (
            models.UniqueConstraint(
                fields=("declared_by", "source_ref", "type", "target_ref"),
                name="a_relation_is_declared_once",
            ),
        )
        indexes = (models.Index(fields=("source_ref", "type", "target_ref")),)

    def __str__(self) -> str:
        return f"{self.source_ref} {self.type} {self.target_ref}"


class DiscoveryQuerySet(models.QuerySet["Discovery"]):
    def unfinished(self) -> Self:
        """Those that a worker has something to do at: to look, or to register what somebody said yes to."""
        to_register = DiscoveredRepository.objects.to_register().values("discovery")
        return self.filter(Q(looked_at=None) | Q(pk__in=to_register))

    def left_alone(self, now: datetime) -> Self:
        """Those that are due and were not touched for a while: their worker died, or no message came."""
        return self.unfinished().filter(not_before__lte=now, touched_at__lte=now - LEFT_ALONE_AFTER)


class Discovery(models.Model):
    """A look through what an owner has at a code host: shown first, registered when somebody says yes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.ForeignKey("forge.CodeHost", on_delete=models.CASCADE, related_name="discoveries")
    owner = models.CharField(max_length=255)
    names = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    requested_at = models.DateTimeField(default=timezone.now)
    looked_at = models.DateTimeField(null=True, blank=True, help_text="when all were looked at")
    error = models.TextField(blank=True, help_text="why it does not go on, or ended")
    not_before = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)

    objects = DiscoveryQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at",)
        verbose_name_plural = "discoveries"

    def __str__(self) -> str:
        return f"{self.owner} at {self.host}"


class DiscoveredRepositoryQuerySet(models.QuerySet["DiscoveredRepository"]):
    def to_register(self) -> Self:
        """Those that somebody said yes to, and that were not tried yet."""
        return self.filter(wanted_by__isnull=False, registered_at=None, problem="")


class DiscoveredRepository(models.Model):
    """What one repository would bring, as it was when it was looked at."""

    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="found")
    full_name = models.CharField(max_length=255)
    role = models.CharField(max_length=10, blank=True)
    locations = models.JSONField(default=list, help_text="catalogue paths to register")
    gitops_folders = models.JSONField(default=list)
    catalog_files = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list, help_text="why catalogue files bring nothing")
    skipped = models.TextField(blank=True, help_text="why it is left out")
    has_failed = models.BooleanField(default=False, help_text="it could not be looked at")
    was_registered = models.BooleanField(default=False)
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="who said yes",
    )
    registered_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, help_text="why it could not be registered")

    objects = DiscoveredRepositoryQuerySet.as_manager()

    class Meta:
        ordering = ("full_name",)
        constraints = (
            models.UniqueConstraint(
                fields=("discovery", "full_name"), name="a_repository_is_found_once"
            ),
        )

    def __str__(self) -> str:
        return self.full_name

    @property
    def is_new(self) -> bool:
        """Whether there is anything to register that nobody said yes to, or that failed."""
        is_open = self.wanted_by_id is None or bool(self.problem)
        has_any = not self.was_registered or bool(self.locations)
        return not self.skipped and self.registered_at is None and is_open and has_any
