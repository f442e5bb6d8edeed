"""One shape for every error: problem JSON (RFC 9457) with a stable `code`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from flagstone.core.errors import (
    Conflict,
    ExternalError,
    FlagstoneError,
    Forbidden,
    NotFound,
    UserError,
)

STATUS_OF: tuple[tuple[type[FlagstoneError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (UserError, 422),
    (ExternalError, 502),
)


def handle(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an expected error into its answer; anything else stays a crash and becomes a 500."""
    if isinstance(exception, FlagstoneError):
        status = next((code for kind, code in STATUS_OF if isinstance(exception, kind)), 500)
        problem = _problem(status, exception.code, exception.message)
        # what is wrong with each field, in the same place as the errors of the request's own form
        fields = exception.params.get("fields")
        if isinstance(fields, dict):
            problem.data["errors"] = fields
        return problem
    response = exception_handler(exception, context)
    if response is None:
        return None
    problem = _problem(response.status_code, _code(exception), _detail(exception))
    if isinstance(exception, ValidationError):
        problem.data["errors"] = exception.detail
    for name in ("WWW-Authenticate", "Retry-After"):
        if response.has_header(name):
            problem[name] = response[name]
    return problem


def _problem(status: int, code: str, detail: str) -> Response:
    body = {"title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    return Response(body, status=status, content_type="application/problem+json")


def _code(exception: Exception) -> str:
    if isinstance(exception, ValidationError):
        return "invalid"
    if isinstance(exception, APIException):
        return (
            str(exception.get_codes())
            if not isinstance(exception.get_codes(), dict)
            else exception.default_code
        )
    return "not_found" if isinstance(exception, Http404) else "forbidden"


def _detail(exception: Exception) -> str:
    if isinstance(exception, ValidationError):
        return "The request does not have the right form; `errors` names each field."
    if isinstance(exception, Http404):
        return "There is no such thing here."
    if isinstance(exception, APIException) and not isinstance(exception, PermissionDenied):
        return str(exception.detail)
    return str(getattr(exception, "detail", "You may not do this."))
