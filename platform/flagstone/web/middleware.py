"""What happens around every page: how long it took, and how an expected error is shown."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from flagstone.core.errors import (
    Busy,
    Conflict,
    ExternalError,
    FlagstoneError,
    Forbidden,
    NotFound,
    UserError,
)
from flagstone.web.htmx import toast

STATUS_OF: tuple[tuple[type[FlagstoneError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Busy, 429),
    (UserError, 400),
    (ExternalError, 502),
)

TITLES: dict[int, str] = {
    400: "That does not work",
    403: "You may not do this",
    404: "There is no such thing",
    409: "That does not work now",
    429: "Too much at a time",
    500: "Flagstone broke here, not you",
    502: "Something outside Flagstone failed",
}


def status_of(error: FlagstoneError) -> int:
    """Return the HTTP status that tells this kind of error."""
    return next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)


class _Stopwatch:
    """Counts the queries of one request and the seconds they took."""

    def __init__(self) -> None:
        self.queries = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., object], *args: object) -> object:
        begun = time.perf_counter()
        try:
            return execute(*args)
        finally:
            self.queries += 1
            self.seconds += time.perf_counter() - begun


class NoNulMiddleware:
    """Refuses U+0000 in an address: no database takes it, and nobody ever meant it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The address holds U+0000.")
        return self.get_response(request)


class ServerTimingMiddleware:
    """Says in the `Server-Timing` header how long the page took, and how much of it the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        database, begun = _Stopwatch(), time.perf_counter()
        with connection.execute_wrapper(database):
            response = self.get_response(request)
        total = time.perf_counter() - begun
        response.headers["Server-Timing"] = (
            f'db;dur={database.seconds * 1000:.1f};desc="{database.queries} queries", total;dur={total * 1000:.1f}'
        )
        return response


class FlagstoneErrorMiddleware:
    """Turns an expected error of an action into a page that says what happened and what to do next."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, FlagstoneError):
            return None
        return error_response(request, exception)


def error_response(request: HttpRequest, error: FlagstoneError) -> HttpResponse:
    """Show an error as a page; as a notice in the corner when htmx asked for a part of one."""
    status = status_of(error)
    if getattr(request, "htmx", False):
        return toast(HttpResponse(status=status), error.message, tone="fail")
    back = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = ""
    context = {"error": error, "status": status, "title": TITLES[status], "back": back}
    return render(request, "web/error.html", context, status=status)
