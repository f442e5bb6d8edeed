"""Search: a page without JavaScript, the palette's list with it."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from flagstone.web.htmx import PageRequest, render_page_or_partial
from flagstone.web.search import find


@require_safe
def search(request: PageRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    context = {"q": text, "groups": find(request.user, text)}
    return render_page_or_partial(
        request, "web/search/page.html", "web/search/_results.html", context
    )
