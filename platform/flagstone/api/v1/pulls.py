"""Pull requests, everybody's."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flagstone.forge import actions, selectors
from flagstone.forge.models import PullRequest
from flagstone.gate.merging import merge_pull_request
from flagstone.gate.verdict import Decision


class PullRequestSerializer(serializers.ModelSerializer[PullRequest]):
    repository = serializers.CharField(source="repository.full_name")
    verdict = serializers.ChoiceField(
        source="verdict.decision",
        choices=[decision.value for decision in Decision],
        allow_null=True,
        help_text="what Flagstone says of it; null while it was not judged",
    )

    class Meta:
        model = PullRequest
        fields = (
            "id", "repository", "number", "title", "body", "state", "is_draft", "labels", "author_login",
            "source_branch", "target_branch", "head_commit", "merge_commit", "additions", "deletions",
            "files", "size", "has_conflict", "verdict", "url", "began_at",
            "opened_at", "ready_at", "first_review_at", "approved_at", "merged_at",
            "closed_at",
        )  # fmt: skip


class PullRequestFilter(django_filters.FilterSet):
    state = django_filters.CharFilter(field_name="state", label="open, merged or closed")
    repository = django_filters.CharFilter(
        field_name="repository__full_name",
        lookup_expr="iexact",
        label="Full name, such as fintech/gitops",
    )
    author = django_filters.CharFilter(field_name="author_login", label="Login at the code host")
    label = django_filters.CharFilter(method="by_label", label="A label that it carries")

    class Meta:
        model = PullRequest
        fields = ()

    def by_label(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(labels__contains=[value])


class PullRequestList(ListAPIView[PullRequest]):
    """List pull requests of all repositories, the newest first."""

    serializer_class = PullRequestSerializer
    filterset_class = PullRequestFilter

    def get_queryset(self) -> QuerySet[PullRequest]:
        return selectors.list_pull_requests().select_related("verdict")


class PullRequestDetail(RetrieveAPIView[PullRequest]):
    """Get one pull request."""

    serializer_class = PullRequestSerializer

    def get_queryset(self) -> QuerySet[PullRequest]:
        return selectors.list_pull_requests().select_related("verdict")


class ApproveView(APIView):
    """Approve somebody else's pull request."""

    @extend_schema(request=None, responses=PullRequestSerializer)
    def post(self, request: Request, pk: int) -> Response:
        pull_request = get_object_or_404(selectors.list_pull_requests(), pk=pk)
        after = actions.approve_pull_request(actor=request.user, pull_request=pull_request)  # type: ignore[arg-type]
        return Response(PullRequestSerializer(after).data)


class MergeInput(serializers.Serializer[Any]):
    expected_head = serializers.RegexField(
        r"^[0-9a-f]{40}\Z", help_text="the commit that you looked at"
    )
    despite_stop = serializers.BooleanField(
        default=False,
        help_text="merge although the gate says stop; it goes into the audit chain",
    )


class MergeView(APIView):
    """Merge what you looked at; with newer commits on it you are told instead."""

    @extend_schema(request=MergeInput, responses=PullRequestSerializer)
    def post(self, request: Request, pk: int) -> Response:
        asked = MergeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        pull_request = get_object_or_404(selectors.list_pull_requests(), pk=pk)
        after = merge_pull_request(
            actor=request.user,  # type: ignore[arg-type]
            pull_request=pull_request,
            **asked.validated_data,
        )
        return Response(PullRequestSerializer(after).data)
