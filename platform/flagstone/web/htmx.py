"""What htmx adds to a view: a part instead of the whole page, and words for the browser in headers."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from flagstone.accounts.models import User

# htmx ends a poll when it gets this status
STOP_POLLING = 286


class PageRequest(HttpRequest):
    """A request of somebody who is signed in (`LoginRequiredMiddleware` sends everybody else away)."""

    htmx: HtmxDetails
    user: User


def render_page_or_partial(
    request: PageRequest, page: str, partial: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render the part that htmx asked for, or the whole page for everybody else.

    Going back in history asks for the whole page, though htmx does the asking.
    """
    wants_part = (
        bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request
    )
    response = render(request, partial if wants_part else page, context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


def stop_polling(response: HttpResponse) -> HttpResponse:
    """Tell htmx that nothing more will change here."""
    response.status_code = STOP_POLLING
    return response


def toast(response: HttpResponse, text: str, *, tone: str = "pass", url: str = "") -> HttpResponse:
    """Have the page show a short notice in its corner, with a link where there is more to see."""
    response.headers["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": tone, "url": url}})
    return response
