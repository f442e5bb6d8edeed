"""Pages that follow what happens: they ask every few seconds, and are told nothing while nothing changed."""

from __future__ import annotations

from django.http import HttpResponse

from flagstone.web.htmx import PageRequest


def is_unchanged(request: PageRequest, version: str) -> bool:
    """Tell whether a poll comes from a page that shows this very version already."""
    return bool(request.htmx) and request.GET.get("version") == version


def nothing_new() -> HttpResponse:
    """Answer a poll without a part to swap in, so that the page stays as it is, scroll and focus included."""
    return HttpResponse(status=204)
