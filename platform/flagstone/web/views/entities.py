"""The page of an entity, tab by tab."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from flagstone.catalog.engine.refs import EntityRef
from flagstone.catalog.selectors import get_entity
from flagstone.core.errors import NotFound
from flagstone.scorecards.actions import check_now
from flagstone.web import entity_page
from flagstone.web.entity_page import Tab
from flagstone.web.htmx import PageRequest, render_page_or_partial
from flagstone.web.links import entity_url
from flagstone.web.live import is_unchanged, nothing_new


@require_safe
def entity(
    request: PageRequest, kind: str, namespace: str, name: str, tab: str = ""
) -> HttpResponse:
    if tab not in list(Tab):
        raise NotFound(f"An entity has no tab called {tab}.")
    shown = Tab(tab)
    head = entity_page.header(request.user, EntityRef(kind, namespace, name).canonical, shown)
    if is_unchanged(request, head.version):
        return nothing_new()
    part = f"web/entity/_{shown.value or 'overview'}.html"
    context = {"head": head, "tab_template": part, "tab": shown.value}
    context |= entity_page.content(request.user, head, shown)
    return render_page_or_partial(request, "web/entity/page.html", "web/entity/_page.html", context)


@require_POST
def check(request: PageRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Ask for a fresh look at the repository that holds a service's manifests."""
    service = get_entity(request.user, EntityRef(kind, namespace, name).canonical)
    check_now(actor=request.user, entity=service)
    messages.success(request, f"{service.display_name} is being checked; the page follows.")
    return redirect(entity_url(service.ref, Tab.SCORECARDS.value))
