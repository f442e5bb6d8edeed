"""Scorecards: how everything stands, check by check and service by service."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from flagstone.web import scorecard_pages
from flagstone.web.htmx import PageRequest, render_page_or_partial


@require_safe
def scorecards(request: PageRequest) -> HttpResponse:
    context = {"cards": scorecard_pages.cards(request.user)}
    return render(request, "web/scorecards/list.html", context)


@require_safe
def scorecard(request: PageRequest, slug: str) -> HttpResponse:
    found = scorecard_pages.scorecard(slug)
    context = {"scorecard": found, "groups": scorecard_pages.summaries_by_level(slug)}
    return render(request, "web/scorecards/checks.html", context)


@require_safe
def matrix(request: PageRequest, slug: str) -> HttpResponse:
    context = {
        "scorecard": scorecard_pages.scorecard(slug),
        "matrix": scorecard_pages.matrix_page(request.user, slug, request.GET),
    }
    return render_page_or_partial(
        request, "web/scorecards/matrix.html", "web/scorecards/_matrix.html", context
    )


@require_safe
def check(request: PageRequest, slug: str, check_id: str) -> HttpResponse:
    context = {
        "scorecard": scorecard_pages.scorecard(slug),
        "page": scorecard_pages.check_page(slug, check_id, request.path, request.GET),
    }
    return render(request, "web/scorecards/check.html", context)
