"""The gate: what CI asks before a change goes out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flagstone.accounts.models import Scope
from flagstone.catalog.engine.refs import EntityRef
from flagstone.catalog.models import Entity
from flagstone.gate import actions, archives
from flagstone.gate.models import GateDecision
from flagstone.gate.rules import PullRequestSize
from flagstone.scorecards import selectors


class PullRequestInput(serializers.Serializer[Any]):
    additions = serializers.IntegerField(min_value=0, help_text="lines added")
    deletions = serializers.IntegerField(min_value=0, help_text="lines deleted")
    files = serializers.IntegerField(min_value=0, required=False, help_text="files changed")
    labels = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=100,
        default=list,
        help_text="such as one that lets a generated change be large",
    )
    approved = serializers.BooleanField(default=False, help_text="whether somebody approved it")
    opened_at = serializers.DateTimeField(required=False, help_text="for how long it waits")
    author = serializers.CharField(
        max_length=200, required=False, help_text="login at the code host"
    )


class GateInput(serializers.Serializer[Any]):
    service = serializers.CharField(max_length=255, help_text="name or reference of the service")
    ref = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        allow_blank=True,
        help_text="commit, branch or tag that would go out, for the record",
    )
    change = serializers.ChoiceField(
        choices=["feature", "fix", "rollback", "experiment"],
        default="feature",
        help_text="what kind of change it is: fixes and rollbacks go where features have to wait",
    )
    pull_request = PullRequestInput(
        required=False, allow_null=True, help_text="its size is judged, if it is given"
    )
    manifests = serializers.CharField(
        required=False, help_text="manifests as one YAML text", trim_whitespace=False
    )
    files = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        required=False,
        help_text="manifests as path → YAML text",
    )
    archive = serializers.CharField(required=False, help_text="manifests as a base64 tar archive")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(key in attrs for key in ("manifests", "files", "archive")) > 1:
            raise serializers.ValidationError("Send one of manifests, files and archive.")
        return attrs


class ReasonOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    state = serializers.ChoiceField(choices=["go", "slow", "stop"])
    title = serializers.CharField()
    detail = serializers.CharField()
    remedy_url = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]


class ScoreOutput(serializers.Serializer[Any]):
    score = serializers.IntegerField(allow_null=True)
    level = serializers.CharField()
    checked_at = serializers.DateTimeField()


class GateOutput(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=["go", "slow", "stop"])
    reasons = ReasonOutput(many=True)
    score = ScoreOutput(allow_null=True)
    decided_at = serializers.DateTimeField()
    decision_id = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class GateView(APIView):
    """Ask whether a change may go out.

    The answer is `go`, `slow` (it may, with a warning) or `stop`, with every reason.
    """

    write_scope = Scope.GATE

    @extend_schema(request=GateInput, responses=GateOutput)
    def post(self, request: Request) -> Response:
        asked = GateInput(data=request.data)
        asked.is_valid(raise_exception=True)
        question = _question(asked.validated_data)
        decision = actions.ask(actor=request.user, question=question)  # type: ignore[arg-type]
        return Response(GateOutput(_answer(decision)).data)


def _question(data: dict[str, Any]) -> actions.Question:
    ref = EntityRef.parse(data["service"], default_kind="Component")
    entity = Entity.objects.services().by_name(ref).first()
    if entity is None:
        raise NotFound(f"There is no service {data['service']} in the catalogue.")
    size = data.get("pull_request")
    return actions.Question(
        entity=entity,
        git_ref=data["ref"],
        change=data["change"],
        manifests=_manifests(data),
        size=PullRequestSize(
            additions=size["additions"],
            deletions=size["deletions"],
            labels=frozenset(size["labels"]),
            approved=size["approved"],
        )
        if size
        else None,
    )


def _manifests(data: dict[str, Any]) -> dict[str, bytes] | None:
    if "archive" in data:
        return archives.from_archive(data["archive"])
    if "files" in data:
        return archives.from_files(data["files"])
    return archives.from_text(data["manifests"]) if "manifests" in data else None


def _answer(decision: GateDecision) -> dict[str, Any]:
    score = selectors.score_of(decision.entity)
    return {
        "decision": decision.decision,
        "reasons": [
            {**reason, "remedy_url": _page(decision, reason)} for reason in decision.reasons
        ],
        "score": score
        and {"score": score.score, "level": score.level, "checked_at": score.checked_at},
        "decided_at": decision.decided_at,
        "decision_id": decision.pk,
        "expires_at": decision.expires_at,
    }


def _page(decision: GateDecision, reason: dict[str, Any]) -> str:
    if not reason["check_id"]:
        return ""
    entity = decision.entity
    path = reverse(
        "web:entity", args=[entity.kind.lower(), entity.namespace.lower(), entity.name.lower()]
    )
    return f"{settings.FLAGSTONE_URL}{path}#{reason['check_id']}"
