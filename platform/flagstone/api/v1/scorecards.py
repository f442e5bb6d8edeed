"""Scorecards, what they say of each service, and the leaderboard."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flagstone.catalog.engine.refs import EntityRef
from flagstone.reviews import selectors as reviews
from flagstone.scorecards import selectors
from flagstone.scorecards.models import CheckResult, Scorecard, ServiceScore


class ScorecardSerializer(serializers.ModelSerializer[Scorecard]):
    class Meta:
        model = Scorecard
        fields = ("slug", "title", "description", "levels", "digest", "loaded_at")


class ScorecardList(ListAPIView[Scorecard]):
    """List the current version of every scorecard."""

    serializer_class = ScorecardSerializer
    filterset_class = None

    def get_queryset(self) -> QuerySet[Scorecard]:
        return selectors.scorecards()


class ScoreSerializer(serializers.ModelSerializer[ServiceScore]):
    ref = serializers.CharField(source="entity.ref")
    owner_ref = serializers.CharField(source="entity.owner_ref")
    scorecard = serializers.CharField(source="slug")

    class Meta:
        model = ServiceScore
        fields = (
            "ref", "owner_ref", "scorecard", "score", "level", "level_rank", "coverage", "counts", "commit",
            "checked_at", "changed_at",
        )  # fmt: skip


class ScoreFilter(django_filters.FilterSet):
    scorecard = django_filters.CharFilter(field_name="slug", label="Slug of the scorecard")
    level = django_filters.CharFilter(lookup_expr="iexact", label="Name of a level, such as gold")
    owner = django_filters.CharFilter(method="by_owner", label="Reference of the owner")

    class Meta:
        model = ServiceScore
        fields = ()

    def by_owner(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(
            entity__owner_ref=EntityRef.parse(value, default_kind="Group").canonical
        )


class ScoreList(ListAPIView[ServiceScore]):
    """List where each service stands, the lowest score first."""

    serializer_class = ScoreSerializer
    filterset_class = ScoreFilter

    def get_queryset(self) -> QuerySet[ServiceScore]:
        return ServiceScore.objects.select_related("entity").order_by("score", "entity__ref")


class ResultSerializer(serializers.ModelSerializer[CheckResult]):
    ref = serializers.CharField(source="entity.ref")
    scorecard = serializers.CharField(source="slug")

    class Meta:
        model = CheckResult
        fields = (
            "ref", "scorecard", "check_id", "name", "state", "severity", "weight", "level", "summary", "remedy",
            "findings", "since",
        )  # fmt: skip


class ResultFilter(django_filters.FilterSet):
    scorecard = django_filters.CharFilter(field_name="slug", label="Slug of the scorecard")
    check = django_filters.CharFilter(field_name="check_id", label="Id of a check, such as PB-01")
    state = django_filters.CharFilter(field_name="state", label="Such as fail or no_data")
    service = django_filters.CharFilter(
        method="by_service", label="Reference or name of the service"
    )

    class Meta:
        model = CheckResult
        fields = ()

    def by_service(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(
            entity__ref=EntityRef.parse(value, default_kind="Component").canonical
        )


class ResultList(ListAPIView[CheckResult]):
    """List what each check says of each service now."""

    serializer_class = ResultSerializer
    filterset_class = ResultFilter

    def get_queryset(self) -> QuerySet[CheckResult]:
        return CheckResult.objects.select_related("entity").order_by(
            "entity__ref", "slug", "check_id"
        )


class SquadSerializer(serializers.Serializer[reviews.Row]):
    place = serializers.IntegerField(source="standing.place", allow_null=True)
    moved = serializers.IntegerField(allow_null=True, help_text="places gained since last week")
    squad_ref = serializers.CharField()
    title = serializers.CharField()
    level = serializers.CharField(source="level.name", default=None, allow_null=True)
    score = serializers.FloatField(source="standing.score")
    gained = serializers.FloatField(
        source="standing.gained", help_text="points gained in six weeks"
    )
    services = serializers.IntegerField(source="standing.services")
    exempt_share = serializers.FloatField(source="standing.exempt_share")
    no_data_share = serializers.FloatField(source="standing.no_data_share")
    trend = serializers.ListField(child=serializers.FloatField(allow_null=True))


class LeaderboardSerializer(serializers.Serializer[reviews.Leaderboard]):
    rule = serializers.CharField()
    checked_at = serializers.DateTimeField(allow_null=True)
    ranked = SquadSerializer(many=True)
    unranked = SquadSerializer(many=True)


class LeaderboardView(APIView):
    """Rank the squads by the written rule that comes with the answer."""

    @extend_schema(responses=LeaderboardSerializer)
    def get(self, request: Request) -> Response:
        return Response(LeaderboardSerializer(reviews.leaderboard()).data)
