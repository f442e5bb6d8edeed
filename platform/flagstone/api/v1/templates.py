"""Cookiecutter repositories of others that new services can be made from, for the platform team's programs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flagstone.accounts.permissions import require
from flagstone.scaffolding.models import TemplateSource
from flagstone.scaffolding.registered import actions
from flagstone.scaffolding.registered.selectors import (
    TemplateDetail,
    find_template,
    list_templates,
    template_detail,
)


class TemplateSerializer(serializers.ModelSerializer[TemplateSource]):
    id = serializers.CharField(source="scaffold_id")
    runs_code = serializers.BooleanField(
        help_text="its hooks and extensions run, in a jail, at this commit"
    )
    registered_by = serializers.CharField(source="registered_by.username")

    class Meta:
        model = TemplateSource
        fields = (
            "id", "title", "url", "ref", "directory", "state", "commit", "digest", "runs_code", "error_code", "error",
            "registered_by", "created_at", "fetched_at",
        )  # fmt: skip


class CodeSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    text = serializers.CharField()


class OfferSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    version = serializers.CharField()
    problem = serializers.SerializerMethodField(
        help_text="why it cannot be used; empty when it can"
    )

    def get_problem(self, scaffold: Any) -> str:
        return scaffold.problem.message if scaffold.problem else ""


class TemplateDetailSerializer(serializers.Serializer[TemplateDetail]):
    template = TemplateSerializer(source="source")
    scaffolds = OfferSerializer(many=True, help_text="what it offers: several where it nests some")
    code = CodeSerializer(many=True, help_text="its hooks, and the modules of its extensions")


class TemplateInput(serializers.Serializer[Any]):
    url = serializers.CharField(
        max_length=300,
        help_text="https://host/owner/name, gh:owner/name, or code-host:owner/name",
    )
    ref = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="branch, tag or commit; empty for the default branch",
    )
    directory = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="where cookiecutter.json lies in the repository",
    )
    id = serializers.CharField(
        max_length=actions.LONGEST_ID,
        default="",
        allow_blank=True,
        source="scaffold_id",
        help_text="of the scaffold; the repository's name without one",
    )
    title = serializers.CharField(
        max_length=100,
        default="",
        allow_blank=True,
        help_text="what people read; the repository's name without one",
    )


class RefInput(serializers.Serializer[Any]):
    ref = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="another branch, tag or commit than before",
    )


class CodeInput(serializers.Serializer[Any]):
    commit = serializers.CharField(
        max_length=64,
        allow_blank=True,
        help_text="the commit whose code may run: the one that is kept now; empty to let none run",
    )


class TemplateList(ListAPIView[TemplateSource]):
    """List the registered templates."""

    serializer_class = TemplateSerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[TemplateSource]:
        require(self.request.user, actions.RIGHT)  # type: ignore[arg-type]
        return list_templates()

    @extend_schema(request=TemplateInput, responses={202: TemplateSerializer})
    def post(self, request: Request) -> Response:
        """Register a cookiecutter repository; a worker fetches it."""
        asked = TemplateInput(data=request.data)
        asked.is_valid(raise_exception=True)
        source = actions.register_template(actor=request.user, **asked.validated_data)  # type: ignore[arg-type]
        return Response(TemplateSerializer(source).data, status=status.HTTP_202_ACCEPTED)


class TemplateView(APIView):
    """Get a registered template: what it offers, and the code that it brings."""

    @extend_schema(responses=TemplateDetailSerializer)
    def get(self, request: Request, template_id: str) -> Response:
        require(request.user, actions.RIGHT)  # type: ignore[arg-type]
        return Response(TemplateDetailSerializer(template_detail(template_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, template_id: str) -> Response:
        """Offer a template no more; what services were made from stays kept."""
        actions.remove_template(actor=request.user, source=find_template(template_id))  # type: ignore[arg-type]
        return Response(status=status.HTTP_204_NO_CONTENT)


class FetchView(APIView):
    """Fetch a template again; what is kept stays in use until the new files are there."""

    @extend_schema(request=RefInput, responses={202: TemplateSerializer})
    def post(self, request: Request, template_id: str) -> Response:
        asked = RefInput(data=request.data)
        asked.is_valid(raise_exception=True)
        source = actions.fetch_again(
            actor=request.user,  # type: ignore[arg-type]
            source=find_template(template_id),
            ref=asked.validated_data.get("ref"),
        )
        return Response(TemplateSerializer(source).data, status=status.HTTP_202_ACCEPTED)


class CodeView(APIView):
    """Let the hooks and extensions of one commit of a template run, in a jail; or none."""

    @extend_schema(request=CodeInput, responses=TemplateSerializer)
    def post(self, request: Request, template_id: str) -> Response:
        asked = CodeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        source = find_template(template_id)
        if commit := asked.validated_data["commit"]:
            actions.let_code_run(actor=request.user, source=source, commit=commit)  # type: ignore[arg-type]
        else:
            actions.keep_code_off(actor=request.user, source=source)  # type: ignore[arg-type]
        return Response(TemplateSerializer(find_template(template_id)).data)
