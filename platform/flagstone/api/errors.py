"""One shape for every error: problem JSON (RFC 9457) with a stable `code`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, JsonResponse
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.views import exception_handler

from flagstone.core.errors import (
    Busy,
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
    (Busy, 429),
    (UserError, 422),
    (ExternalError, 502),
)


MEDIA_TYPE = "application/problem+json"
# what ends a request before a view is at it, or in the middle of one
_ELSEWHERE = {
    400: ("bad_request", "The request could not be read."),
    403: ("forbidden", "You may not do this."),
    404: ("not_found", "There is no such thing here."),
    413: ("too_large", "The body is larger than the 10 MB that a request may have."),
    500: ("broken", "Flagstone broke here, not you. The platform team finds the cause in its log."),
}


def problem_outside_views(status: int) -> JsonResponse:
    """Answer for a request under /api/ that no view answers for."""
    code, detail = _ELSEWHERE[status]
    return JsonResponse(_body(status, code, detail), status=status, content_type=MEDIA_TYPE)


def handle(exception: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """Turn an expected error into its answer; anything else stays a crash and becomes a 500.

    JSON whatever the caller accepts: the description of the API is YAML, its errors are not.
    """
    if isinstance(exception, FlagstoneError):
        status = next((code for kind, code in STATUS_OF if isinstance(exception, kind)), 500)
        # what is wrong with each field, in the same place as the errors of the request's own form
        fields = exception.params.get("fields")
        return problem(
            status, exception.code, exception.message, fields if isinstance(fields, dict) else None
        )
    response = exception_handler(exception, context)
    if response is None:
        return None
    errors = exception.detail if isinstance(exception, ValidationError) else None
    answer = problem(response.status_code, _code(exception), _detail(exception), errors)
    for name in ("WWW-Authenticate", "Retry-After"):
        if response.has_header(name):
            answer[name] = response[name]
    return answer


def problem(status: int, code: str, detail: str, errors: Any = None) -> JsonResponse:
    """Return an error in its one shape."""
    body = _body(status, code, detail)
    if errors is not None:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def _body(status: int, code: str, detail: str) -> dict[str, Any]:
    return {"title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}


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
