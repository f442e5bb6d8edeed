"""Failures outside views: a program that calls the API gets problem JSON, a person a page."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from flagstone.api.errors import problem_outside_views

_API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path_info.startswith(_API):
        return problem_outside_views(413 if isinstance(exception, RequestDataTooBig) else 400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path_info.startswith(_API):
        return problem_outside_views(403)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path_info.startswith(_API):
        return problem_outside_views(404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if request.path_info.startswith(_API):
        return problem_outside_views(500)
    return defaults.server_error(request)
