"""Home: my squad."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from flagstone.web import home_page
from flagstone.web.htmx import PageRequest, render_page_or_partial
from flagstone.web.live import is_unchanged, nothing_new


@require_safe
def home(request: PageRequest) -> HttpResponse:
    version = home_page.version()
    if is_unchanged(request, version):
        return nothing_new()
    context = {
        "home": home_page.squad_home(request.user, request.GET.get("squad", ""), request.path),
        "runs": home_page.runs(request.user),
        "version": version,
    }
    return render_page_or_partial(request, "web/home/page.html", "web/home/_page.html", context)
