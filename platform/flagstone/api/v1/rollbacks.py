"""Rollbacks: asked for, watched until the service is healthy, and called healthy by whoever knows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flagstone.catalog import selectors as catalog
from flagstone.catalog.engine.refs import EntityRef
from flagstone.delivery import actions, selectors
from flagstone.delivery.models import Rollback, RollbackState

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Your own key of this request: asking again with it gives the rollback that is there.",
)


class RollbackSerializer(serializers.ModelSerializer[Rollback]):
    service = serializers.CharField(source="entity_ref")
    repository = serializers.CharField(source="change_request.repository.full_name")
    pull_request = serializers.IntegerField(
        source="change_request.pull_request.pk",
        default=None,
        allow_null=True,
        help_text="its id under pull-requests",
    )
    asked_by = serializers.CharField(source="asked_by.username")
    healthy_by = serializers.CharField(
        source="healthy_by.username",
        default=None,
        allow_null=True,
        help_text="who said so, where no status did",
    )
    kept_promise = serializers.BooleanField(
        allow_null=True, help_text="null while nobody can tell: silence is not health"
    )

    class Meta:
        model = Rollback
        fields = (
            "id", "service", "repository", "folder", "state", "reason", "reverted_commit", "reverted_title",
            "pull_request", "merge_commit", "asked_by", "is_merged_alone", "note", "note_code", "clicked_at",
            "opened_at", "merged_at", "healthy_at", "ended_at", "promised_by", "kept_promise", "health_source",
            "health_note", "healthy_by",
        )  # fmt: skip


class RollbackFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=RollbackState.choices, label="How far it is")
    service = django_filters.CharFilter(
        method="by_service", label="Reference or name of the service"
    )

    class Meta:
        model = Rollback
        fields = ()

    def by_service(self, queryset: Any, name: str, value: str) -> Any:
        ref = EntityRef.parse(value, default_kind="Component").canonical
        return queryset.filter(entity_ref=ref)


class RollbackInput(serializers.Serializer[Any]):
    service = serializers.CharField(
        max_length=300, help_text="reference or name, such as component:default/checkout"
    )
    reason = serializers.CharField(
        min_length=actions.SHORTEST_REASON,
        max_length=actions.LONGEST_REASON,
        help_text="why, for the pull request and the audit chain",
    )
    commit = serializers.RegexField(
        r"^[0-9a-f]{40}\Z",
        required=False,
        help_text="what is taken back: one of the last ten changes to the folder; the newest one when left out",
    )
    merge = serializers.BooleanField(
        default=True,
        help_text="merge as soon as the policy lets you; false leaves the merge to people",
    )


class RollbackList(ListAPIView[Rollback]):
    """List rollbacks, the newest first."""

    serializer_class = RollbackSerializer
    filterset_class = RollbackFilter

    def get_queryset(self) -> QuerySet[Rollback]:
        return selectors.rollbacks()

    @extend_schema(
        request=RollbackInput, responses={202: RollbackSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    def post(self, request: Request) -> Response:
        """Take the last change to a service's GitOps folder back; the answer is the rollback, to be watched."""
        asked = RollbackInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        ref = EntityRef.parse(given.pop("service"), default_kind="Component").canonical
        rollback = actions.request_rollback(
            actor=request.user,  # type: ignore[arg-type]
            service=catalog.get_entity(request.user, ref),
            key=request.headers.get("Idempotency-Key", ""),
            **given,
        )
        return Response(RollbackSerializer(rollback).data, status=status.HTTP_202_ACCEPTED)


class RollbackDetail(APIView):
    """Get one rollback."""

    @extend_schema(responses=RollbackSerializer)
    def get(self, request: Request, rollback_id: UUID) -> Response:
        return Response(RollbackSerializer(selectors.find_rollback(rollback_id)).data)


class MergeView(APIView):
    """Have a rollback merged in your name: somebody else's at once, your own as the policy lets you."""

    @extend_schema(request=None, responses={202: RollbackSerializer})
    def post(self, request: Request, rollback_id: UUID) -> Response:
        rollback = actions.merge_rollback(
            actor=request.user,  # type: ignore[arg-type]
            rollback=selectors.find_rollback(rollback_id),
        )
        return Response(RollbackSerializer(rollback).data, status=status.HTTP_202_ACCEPTED)


class HealthyView(APIView):
    """Say that the service is healthy again, where Argo CD writes no status."""

    @extend_schema(request=None, responses=RollbackSerializer)
    def post(self, request: Request, rollback_id: UUID) -> Response:
        rollback = actions.report_healthy(
            actor=request.user,  # type: ignore[arg-type]
            rollback=selectors.find_rollback(rollback_id),
        )
        return Response(RollbackSerializer(rollback).data)
