"""Exemptions: who may fail which check until when, and who said so."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flagstone.catalog import selectors as catalog
from flagstone.catalog.engine.refs import EntityRef
from flagstone.scorecards import actions, selectors
from flagstone.scorecards.models import Exemption, ExemptionState


class ExemptionSerializer(serializers.ModelSerializer[Exemption]):
    service = serializers.CharField(source="entity.ref", read_only=True)
    check_id = serializers.CharField()
    state = serializers.SerializerMethodField(
        help_text="`pending`, `approved` (in force), `rejected`, `revoked` or `expired`"
    )
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Exemption
        fields = (
            "id", "service", "check_id", "state", "reason", "requested_by", "requested_at", "decided_by",
            "decided_at", "expires_on",
        )  # fmt: skip

    def get_state(self, exemption: Exemption) -> str:
        return exemption.standing_on(timezone.now().date()).value


class ExemptionFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        method="by_state", choices=ExemptionState.choices, label="How it stands today"
    )
    check = django_filters.CharFilter(field_name="check_id", label="Id of the check")
    service = django_filters.CharFilter(
        method="by_service", label="Reference or name of the service"
    )
    owner = django_filters.CharFilter(method="by_owner", label="Reference or name of the squad")

    class Meta:
        model = Exemption
        fields = ()

    def by_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.standing(ExemptionState(value), timezone.now().date())

    def by_service(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(
            entity__ref=EntityRef.parse(value, default_kind="Component").canonical
        )

    def by_owner(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(
            entity__owner_ref=EntityRef.parse(value, default_kind="Group").canonical
        )


class ExemptionInput(serializers.Serializer[Any]):
    service = serializers.CharField(
        max_length=300, help_text="reference or name, such as component:default/checkout"
    )
    check_id = serializers.CharField(max_length=40, help_text="such as PB-01")
    reason = serializers.CharField(
        min_length=actions.SHORTEST_REASON,
        max_length=actions.LONGEST_REASON,
        help_text="what stands in the way, what protects you meanwhile, and what will end it",
    )
    expires_on = serializers.DateField(
        help_text=f"the last day it holds (UTC), {actions.LONGEST_EXEMPTION.days} days at the most"
    )


class ExemptionList(ListAPIView[Exemption]):
    """List exemptions, the newest first."""

    serializer_class = ExemptionSerializer
    filterset_class = ExemptionFilter

    def get_queryset(self) -> QuerySet[Exemption]:
        return selectors.exemptions().order_by("-requested_at", "-pk")

    @extend_schema(request=ExemptionInput, responses={201: ExemptionSerializer})
    def post(self, request: Request) -> Response:
        """Ask for leave to fail one check of a service until a date; somebody else decides."""
        asked = ExemptionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        ref = EntityRef.parse(given.pop("service"), default_kind="Component").canonical
        entity = catalog.get_entity(request.user, ref)
        exemption = actions.request_exemption(actor=request.user, entity=entity, **given)  # type: ignore[arg-type]
        return Response(ExemptionSerializer(exemption).data, status=201)


class ExemptionDetail(RetrieveAPIView[Exemption]):
    """Get one exemption."""

    serializer_class = ExemptionSerializer

    def get_queryset(self) -> QuerySet[Exemption]:
        return selectors.exemptions()


class DecisionInput(serializers.Serializer[Any]):
    approve = serializers.BooleanField(help_text="true approves it, false refuses it")


class DecideView(APIView):
    """Approve or refuse what somebody else asked for."""

    @extend_schema(request=DecisionInput, responses=ExemptionSerializer)
    def post(self, request: Request, pk: int) -> Response:
        decision = DecisionInput(data=request.data)
        decision.is_valid(raise_exception=True)
        exemption = get_object_or_404(selectors.exemptions(), pk=pk)
        after = actions.decide_exemption(
            actor=request.user,  # type: ignore[arg-type]
            exemption=exemption,
            approve=decision.validated_data["approve"],
        )
        return Response(ExemptionSerializer(after).data)


class RevokeView(APIView):
    """End an exemption before its time, or withdraw one's own wish."""

    @extend_schema(request=None, responses=ExemptionSerializer)
    def post(self, request: Request, pk: int) -> Response:
        exemption = get_object_or_404(selectors.exemptions(), pk=pk)
        actions.revoke_exemption(actor=request.user, exemption=exemption)  # type: ignore[arg-type]
        exemption.refresh_from_db()
        return Response(ExemptionSerializer(exemption).data)
