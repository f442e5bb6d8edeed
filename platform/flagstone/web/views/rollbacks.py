"""Rollbacks: what would be taken back, the click that does it, and the page that follows it to health."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from flagstone.accounts.permissions import require
from flagstone.catalog import selectors as catalog
from flagstone.catalog.engine.refs import EntityRef, InvalidRef
from flagstone.catalog.models import Entity
from flagstone.core.errors import FlagstoneError, UserError
from flagstone.delivery import actions, selectors
from flagstone.web.crumbs import Crumb
from flagstone.web.forms.rollbacks import RollbackForm
from flagstone.web.htmx import PageRequest, render_page_or_partial, stop_polling
from flagstone.web.links import entity_url
from flagstone.web.middleware import status_of
from flagstone.web.rollback_page import rollback_page
from flagstone.web.rollback_plan import plan_page
from flagstone.web.rollback_record import stats_of

PER_PAGE = 30
WINDOW = timedelta(days=90)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: PageRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Show what a rollback would do, and do it."""
    require(request.user, "delivery.roll_back")
    service = catalog.get_entity(request.user, EntityRef(kind, namespace, name).canonical)
    if request.method == "POST":
        return _roll_back(request, service)
    if pending := selectors.pending_rollback(service):
        messages.info(request, f"{service.display_name} is being rolled back already.")
        return redirect("web:rollback", pending.pk)
    return _plan(request, service, commit=request.GET.get("commit", ""))


def _roll_back(request: PageRequest, service: Entity) -> HttpResponse:
    form = RollbackForm(request.POST)
    commit = request.POST.get("commit", "")
    if not form.is_valid():
        return _plan(request, service, commit=commit, form=form, status=422)
    given = form.cleaned_data
    try:
        rollback = actions.request_rollback(
            actor=request.user,
            service=service,
            reason=given["reason"],
            commit=given["commit"],
            seen=given["seen"],
            merge=given["merge"],
            key=str(given["key"]),
        )
    except UserError as error:
        # what the person looked at is not there any more: the newest change is shown, and the words are kept
        return _plan(request, service, form=form, obstacle=error, status=status_of(error))
    return redirect("web:rollback", rollback.pk)


def _plan(
    request: PageRequest,
    service: Entity,
    *,
    commit: str = "",
    form: RollbackForm | None = None,
    obstacle: FlagstoneError | None = None,
    status: int = 200,
) -> HttpResponse:
    page = plan_page(request.user, service, commit=commit)
    context = {
        "page": page,
        "form": form or RollbackForm(),
        "key": (form and form["key"].value()) or uuid.uuid4(),
        "merge": form["merge"].value() if form else True,
        "obstacle": obstacle.message if obstacle else "",
        "crumbs": [
            Crumb("Catalogue", reverse("web:catalog")),
            Crumb(service.name, entity_url(service.ref)),
            Crumb("Roll back"),
        ],
    }
    return render(request, "web/rollbacks/plan.html", context, status=status)


@never_cache
@require_safe
def rollback(request: PageRequest, rollback_id: UUID) -> HttpResponse:
    found = selectors.find_rollback(rollback_id)
    page = rollback_page(request.user, found)
    crumbs = [Crumb("Rollbacks", reverse("web:rollbacks")), Crumb(found.service_name)]
    response = render_page_or_partial(
        request,
        "web/rollbacks/page.html",
        "web/rollbacks/_live.html",
        {"page": page, "crumbs": crumbs},
    )
    return stop_polling(response) if request.htmx and not page.follows else response


@require_POST
def merge(request: PageRequest, rollback_id: UUID) -> HttpResponse:
    found = selectors.find_rollback(rollback_id)
    actions.merge_rollback(actor=request.user, rollback=found)
    messages.success(request, "It is being merged.")
    return redirect("web:rollback", rollback_id)


@require_POST
def healthy(request: PageRequest, rollback_id: UUID) -> HttpResponse:
    found = selectors.find_rollback(rollback_id)
    actions.report_healthy(actor=request.user, rollback=found)
    messages.success(request, f"{found.service_name} is healthy again.")
    return redirect("web:rollback", rollback_id)


@require_POST
def retry(request: PageRequest, rollback_id: UUID) -> HttpResponse:
    found = selectors.find_rollback(rollback_id)
    actions.resume_rollback(actor=request.user, rollback=found)
    messages.success(request, "It is tried again.")
    return redirect("web:rollback", rollback_id)


@never_cache
@require_safe
def rollbacks(request: PageRequest) -> HttpResponse:
    found, service = _listed(request)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "service": service,
        "stats": stats_of(selectors.promise_record(timezone.now() - WINDOW), days=WINDOW.days),
    }
    return render(request, "web/rollbacks/list.html", context)


def _listed(request: PageRequest) -> tuple[Any, str]:
    """Return all rollbacks, or those of one service; a text that is no reference narrows nothing."""
    found = selectors.rollbacks()
    try:
        ref = EntityRef.parse(request.GET.get("service", ""), default_kind="Component").canonical
    except InvalidRef:
        return found, ""
    return found.filter(entity_ref=ref), ref
