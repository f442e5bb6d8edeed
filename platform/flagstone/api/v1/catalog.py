"""Entities of the catalogue."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView

from flagstone.catalog.engine.refs import EntityRef
from flagstone.catalog.models import Entity


class EntitySerializer(serializers.ModelSerializer[Entity]):
    """An entity as lists show it; `ref` is its identity, lower case throughout."""

    class Meta:
        model = Entity
        fields: ClassVar[tuple[str, ...]] = (
            "ref", "kind", "namespace", "name", "title", "description", "type", "lifecycle", "tier",
            "owner_ref", "system_ref", "tags", "labels", "is_orphan", "changed_at",
        )  # fmt: skip


class EntityDetailSerializer(EntitySerializer):
    """With the whole document, where it stands, and what is wrong with it."""

    class Meta(EntitySerializer.Meta):
        fields: ClassVar[tuple[str, ...]] = (
            *EntitySerializer.Meta.fields,
            "document",
            "status_items",
            "source_path",
            "source_line",
        )


class EntityFilter(django_filters.FilterSet):
    """Texts match whole, whatever their case; `q` searches."""

    q = django_filters.CharFilter(method="search", label="Words to search for")
    kind = django_filters.CharFilter(lookup_expr="iexact", label="Such as Component or Group")
    namespace = django_filters.CharFilter(lookup_expr="iexact", label="Mostly default")
    type = django_filters.CharFilter(lookup_expr="iexact", label="Such as service or squad")
    lifecycle = django_filters.CharFilter(lookup_expr="iexact", label="Such as production")
    tier = django_filters.CharFilter(lookup_expr="iexact", label="1, 2 or 3")
    owner = django_filters.CharFilter(
        method="by_owner", label="Reference of the owner, such as group:default/ledger"
    )
    system = django_filters.CharFilter(method="by_system", label="Reference of the system")

    class Meta:
        model = Entity
        fields = ()

    def search(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.matching(value)

    def by_owner(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(owner_ref=EntityRef.parse(value, default_kind="Group").canonical)

    def by_system(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(system_ref=EntityRef.parse(value, default_kind="System").canonical)


class EntityList(ListAPIView[Entity]):
    """Search and list entities, by name."""

    serializer_class = EntitySerializer
    filterset_class = EntityFilter

    def get_queryset(self) -> QuerySet[Entity]:
        return Entity.objects.visible_to(self.request.user).for_lists().order_by("name_key", "ref")


class EntityDetail(RetrieveAPIView[Entity]):
    """Get one entity, with its document and what is wrong with it."""

    serializer_class = EntityDetailSerializer
    queryset = Entity.objects.none()

    def get_object(self) -> Entity:
        parts = (self.kwargs["kind"], self.kwargs["namespace"], self.kwargs["name"])
        return get_object_or_404(
            Entity.objects.visible_to(self.request.user).by_name(EntityRef(*parts))
        )
