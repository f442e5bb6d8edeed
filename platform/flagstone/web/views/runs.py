"""Runs of scaffolds: the list, and the page that follows one from the answers to the leaderboard."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from flagstone.scaffolding import actions, selectors
from flagstone.web.crumbs import Crumb
from flagstone.web.htmx import PageRequest, stop_polling
from flagstone.web.live import is_unchanged, nothing_new
from flagstone.web.run_lists import run_tabs, runs_for
from flagstone.web.run_page import run_page

PER_PAGE = 30


@never_cache
@require_safe
def runs(request: PageRequest) -> HttpResponse:
    mine = request.GET.get("of") != "all"
    page = Paginator(runs_for(request.user, mine=mine), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "tabs": run_tabs(request.user, mine=mine), "mine": mine}
    return render(request, "web/runs/list.html", context)


@never_cache
@require_safe
def run(request: PageRequest, run_id: UUID) -> HttpResponse:
    page = run_page(request.user, run_id)
    crumbs = [Crumb("Runs", reverse("web:runs")), Crumb(page.run.service_name)]
    return render(request, "web/runs/page.html", {"page": page, "crumbs": crumbs})


@never_cache
@require_safe
def live(request: PageRequest, run_id: UUID) -> HttpResponse:
    """Answer the poll: the state of things, and the lines of the log after the last one that the page has."""
    if not request.htmx:
        return redirect("web:run", run_id)
    after = request.GET.get("after", "")
    page = run_page(request.user, run_id, after=int(after) if after.isdecimal() else 0)
    if page.follows and is_unchanged(request, page.version):
        return nothing_new()
    response = render(request, "web/runs/_live.html", {"page": page, "is_poll": True})
    return response if page.follows else stop_polling(response)


@require_POST
def resume(request: PageRequest, run_id: UUID) -> HttpResponse:
    found = selectors.find_run(run_id)
    actions.resume_run(actor=request.user, run=found)
    messages.success(request, f"The run for {found.service_name} is tried again.")
    return redirect("web:run", run_id)


@require_POST
def cancel(request: PageRequest, run_id: UUID) -> HttpResponse:
    found = selectors.find_run(run_id)
    actions.cancel_run(actor=request.user, run=found)
    messages.success(
        request, f"The run for {found.service_name} is being stopped; what it made is taken back."
    )
    return redirect("web:run", run_id)
