"""Finding repositories: ask for a look, watch it, tick what is to be registered."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from flagstone.accounts.permissions import require
from flagstone.catalog.discovery.actions import accept, request_discovery
from flagstone.catalog.selectors.discoveries import discovery_detail, latest_discoveries
from flagstone.core.errors import FlagstoneError
from flagstone.forge.models import RepositoryRole
from flagstone.web.crumbs import Crumb
from flagstone.web.forms.discovery import DiscoveryForm
from flagstone.web.htmx import PageRequest
from flagstone.web.middleware import status_of

RIGHT = "forge.manage"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def discoveries(request: PageRequest) -> HttpResponse:
    """Ask for a look through what an owner has; list the latest ones."""
    require(request.user, RIGHT)
    form, status = DiscoveryForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound and form.is_valid():
        try:
            made = request_discovery(actor=request.user, **form.cleaned_data)
        except FlagstoneError as error:
            form.add_error(None, error.message)
            status = status_of(error)
        else:
            return redirect("web:discovery", made.pk)
    if form.errors and status == 200:
        status = 422
    context = {
        "form": form,
        "latest": latest_discoveries(),
        "crumbs": [Crumb("Catalogue", reverse("web:catalog")), Crumb("Find repositories")],
    }
    return render(request, "web/discovery/list.html", context, status=status)


@never_cache
@require_safe
def discovery(request: PageRequest, discovery_id: UUID) -> HttpResponse:
    """Show what was found so far, and what would be registered."""
    require(request.user, RIGHT)
    detail = discovery_detail(discovery_id)
    found = Crumb("Find repositories", reverse("web:discoveries"))
    context = {
        "detail": detail,
        "roles": RepositoryRole.values,
        "crumbs": [
            Crumb("Catalogue", reverse("web:catalog")),
            found,
            Crumb(str(detail.discovery)),
        ],
    }
    part = "web/discovery/_one.html" if request.htmx else "web/discovery/page.html"
    return render(request, part, context)


@require_POST
def register(request: PageRequest, discovery_id: UUID) -> HttpResponse:
    """Say yes to what was ticked."""
    require(request.user, RIGHT)
    detail = discovery_detail(discovery_id)
    names = request.POST.getlist("name")
    roles = {name: role for name in names if (role := request.POST.get(f"role:{name}"))}
    count = accept(actor=request.user, discovery=detail.discovery, names=names, roles=roles)
    if count:
        noun = "repository is" if count == 1 else "repositories are"
        messages.success(request, f"{count} {noun} being registered.")
    else:
        messages.warning(request, "Nothing was ticked that is still to be registered.")
    return redirect("web:discovery", discovery_id)
