"""Scaffolds and their runs: create a service and watch it come to be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flagstone.accounts.models import Scope
from flagstone.core.models import JobLine, JobStep
from flagstone.gate.previews import Forecast, forecast
from flagstone.scaffolding import actions, selectors
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.engine.forms import Form
from flagstone.scaffolding.engine.outputs import Link, Text
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.outcomes import address_of

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Your own key of this request: asking again with it gives the run that is there.",
)


class ScaffoldSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="scaffold.id")
    title = serializers.CharField(source="scaffold.title")
    description = serializers.CharField(source="scaffold.description")
    owner = serializers.CharField(source="scaffold.owner")
    type = serializers.CharField(source="scaffold.type")
    tags = serializers.ListField(source="scaffold.tags", child=serializers.CharField())
    version = serializers.CharField(source="scaffold.version")
    problem = serializers.SerializerMethodField(
        help_text="why it cannot be used; empty when it can"
    )
    runs = serializers.IntegerField()
    services = serializers.IntegerField(help_text="how many services it made")

    def get_problem(self, summary: selectors.ScaffoldSummary) -> str:
        return summary.scaffold.problem.message if summary.scaffold.problem else ""


class ScaffoldList(APIView):
    """List what new services can be made from."""

    @extend_schema(responses=ScaffoldSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(ScaffoldSerializer(selectors.list_scaffolds(), many=True).data)


class ScaffoldDetail(APIView):
    """Get one scaffold, with the JSON Schema of its answers."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, scaffold_id: str) -> Response:
        scaffold = find_scaffold(scaffold_id)
        return Response(
            {
                "id": scaffold.id,
                "title": scaffold.title,
                "description": scaffold.description,
                "owner": scaffold.owner,
                "version": scaffold.version,
                "answers": _schema(scaffold.form),
            }
        )


class StepSerializer(serializers.ModelSerializer[JobStep]):
    class Meta:
        model = JobStep
        fields = ("key", "title", "state", "started_at", "finished_at", "error")


class LineSerializer(serializers.ModelSerializer[JobLine]):
    step = serializers.CharField(source="step.key", default="")

    class Meta:
        model = JobLine
        fields = ("id", "at", "step", "level", "text")


class RunSerializer(serializers.ModelSerializer[ScaffoldRun]):
    scaffold = serializers.CharField(source="scaffold_id")
    requested_by = serializers.CharField(source="requested_by.username")
    repository = serializers.CharField(source="repository.full_name", default=None, allow_null=True)
    pull_request = serializers.IntegerField(
        source="pull_request.pk",
        default=None,
        allow_null=True,
        help_text="its id under pull-requests",
    )

    class Meta:
        model = ScaffoldRun
        fields = (
            "id", "scaffold", "scaffold_version", "service_name", "service_ref", "answers", "state", "requested_by",
            "repository", "pull_request", "undone", "error_code", "error", "created_at", "finished_at",
        )  # fmt: skip


class LinkSerializer(serializers.Serializer[Link]):
    title = serializers.CharField()
    url = serializers.SerializerMethodField(
        help_text="http(s), or a path of this portal; empty for anything else"
    )
    entity_ref = serializers.CharField(help_text="in place of a url: what it points to")
    icon = serializers.CharField()
    text = serializers.CharField(source="url", help_text="the address as the template wrote it")

    def get_url(self, link: Link) -> str:
        return address_of(link)


class TextSerializer(serializers.Serializer[Text]):
    title = serializers.CharField()
    content = serializers.CharField(help_text="Markdown")


class RunDetailSerializer(serializers.Serializer[selectors.RunDetail]):
    run = RunSerializer()
    links = LinkSerializer(many=True, help_text="what the template's own `output` points to")
    texts = TextSerializer(many=True, help_text="what it says")
    steps = StepSerializer(many=True)
    lines = LineSerializer(many=True)
    last_line = serializers.IntegerField(help_text="pass it as `after` next time")
    is_over = serializers.BooleanField()


class RunInput(serializers.Serializer[Any]):
    scaffold = serializers.CharField(max_length=63, help_text="its id, such as python-api")
    answers = serializers.DictField(help_text="as the schema in `scaffolds/{scaffold_id}` says")


class RunList(ListAPIView[ScaffoldRun]):
    """List all runs, the newest first."""

    serializer_class = RunSerializer
    filter_backends = ()
    write_scope = Scope.SCAFFOLD

    def get_queryset(self) -> Any:
        return selectors.list_runs()

    @extend_schema(request=RunInput, responses={202: RunSerializer}, parameters=[IDEMPOTENCY_KEY])
    def post(self, request: Request) -> Response:
        """Make a service; the answer is its run, to be watched."""
        asked = RunInput(data=request.data)
        asked.is_valid(raise_exception=True)
        run = actions.request_run(
            actor=request.user,  # type: ignore[arg-type]
            scaffold_id=asked.validated_data["scaffold"],
            answers=asked.validated_data["answers"],
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class RunDetail(APIView):
    """Get one run: its steps, and the lines of its log after `after`."""

    @extend_schema(
        responses=RunDetailSerializer,
        parameters=[
            OpenApiParameter(
                "after", OpenApiTypes.INT, description="number of the last line you have"
            )
        ],
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise ValidationError({"after": ["A whole number."]})
        detail = selectors.run_detail(run_id, after=min(int(after), 2**62))
        return Response(RunDetailSerializer(detail).data)


class CancelView(APIView):
    """Stop a run and take back what it made."""

    write_scope = Scope.SCAFFOLD

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, run_id: UUID) -> Response:
        run = actions.cancel_run(actor=request.user, run=selectors.find_run(run_id))  # type: ignore[arg-type]
        return Response(RunSerializer(run).data)


class ResumeView(APIView):
    """Try a run again that failed, was closed or was cancelled."""

    write_scope = Scope.SCAFFOLD

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, run_id: UUID) -> Response:
        run = actions.resume_run(actor=request.user, run=selectors.find_run(run_id))  # type: ignore[arg-type]
        return Response(RunSerializer(run).data)


class PreviewView(APIView):
    """Show what would be written, and how it would be judged; nothing is written."""

    write_scope = Scope.SCAFFOLD

    @extend_schema(request=RunInput, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        asked = RunInput(data=request.data)
        asked.is_valid(raise_exception=True)
        found = forecast(
            actor=request.user,  # type: ignore[arg-type]
            scaffold_id=asked.validated_data["scaffold"],
            answers=asked.validated_data["answers"],
        )
        return Response(_forecast(found))


def _schema(form: Form) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [field.name for field in form.fields if field.required],
        "properties": {field.name: {"title": field.label, **field.schema} for field in form.fields},
        "additionalProperties": False,
    }


def _forecast(found: Forecast) -> dict[str, Any]:
    rendered = found.preview.rendered
    return {
        "service_name": rendered.service_name,
        "can_be_created": found.preview.can_be_created
        and not found.is_refused
        and not found.preview.in_the_way(found.before),
        "holder": found.preview.holder,
        "files": {
            "service": _texts(rendered.service.contents()),
            "gitops": _texts(rendered.gitops.contents()),
        },
        "changes": {
            path: "modified"
            if path in found.changed
            else "same"
            if path in found.before
            else "added"
            for path in rendered.gitops.files
        },
        "policies": [
            {
                "name": verdict.name,
                "title": verdict.title,
                "state": verdict.state.value,
                "violations": [violation.message for violation in verdict.violations],
            }
            for verdict in found.policies
        ],
        "score": found.report.as_dict() if found.report else None,
    }


def _texts(files: dict[str, bytes]) -> dict[str, str]:
    return {path: content.decode(errors="replace") for path, content in files.items()}
