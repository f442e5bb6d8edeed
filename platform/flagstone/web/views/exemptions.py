"""Exemptions: the list, the form that asks for one, and the decision."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from flagstone.accounts.permissions import require
from flagstone.catalog import selectors as catalog
from flagstone.catalog.engine.refs import EntityRef
from flagstone.core.errors import NotFound, UserError
from flagstone.scorecards import actions, selectors
from flagstone.scorecards.models import Exemption, ExemptionState
from flagstone.web import exemption_pages
from flagstone.web.check_texts import find_check
from flagstone.web.crumbs import Crumb
from flagstone.web.entity_page import Tab
from flagstone.web.exemption_pages import Narrowing
from flagstone.web.forms.exemptions import DecisionForm, ExemptionForm
from flagstone.web.htmx import PageRequest
from flagstone.web.links import entity_url

PER_PAGE = 30


@never_cache
@require_safe
def exemptions(request: PageRequest) -> HttpResponse:
    wanted, today = Narrowing.from_query(request.GET), timezone.now().date()
    page = Paginator(exemption_pages.listed(wanted, today), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "wanted": wanted,
        "tabs": exemption_pages.tabs(wanted, today),
        "page": page,
        "rows": [exemption_pages.row_of(one, request.user, today) for one in page],
        "squads": [(squad.ref, squad.name) for squad in catalog.squads(request.user)],
        "checks": exemption_pages.checks_with_exemptions(),
    }
    return render(request, "web/exemptions/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: PageRequest, kind: str, namespace: str, name: str, check_id: str) -> HttpResponse:
    """Ask for leave to fail one check of a service until a date."""
    require(request.user, "scorecards.request_exemption")
    service = catalog.get_entity(request.user, EntityRef(kind, namespace, name).canonical)
    check = find_check(check_id)
    if check is None:
        raise NotFound(f"There is no check {check_id} that a service can be exempted from.")
    form = ExemptionForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.request_exemption(
                actor=request.user, entity=service, check_id=check_id, **form.cleaned_data
            )
        except UserError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                f"Asked for: {check_id} of {service.display_name}. A squad lead or the platform team decides.",
            )
            return redirect(entity_url(service.ref, Tab.SCORECARDS.value))
    context = {
        "form": form,
        "service": service,
        "check": check,
        "live": selectors.live_exemption(service, check_id),
        "result": selectors.result_of(service, check_id),
        "crumbs": [
            Crumb(service.display_name, entity_url(service.ref, Tab.SCORECARDS.value)),
            Crumb("Ask for an exemption"),
        ],
    }
    return render(request, "web/exemptions/ask.html", context, status=422 if form.errors else 200)


@require_POST
def decide(request: PageRequest, pk: int) -> HttpResponse:
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise UserError("Approve it or refuse it.")
    approve = form.cleaned_data["verdict"] == "approve"
    exemption = actions.decide_exemption(actor=request.user, exemption=_find(pk), approve=approve)
    done = "in force" if approve else "refused"
    messages.success(request, f"{exemption.check_id} of {exemption.entity.display_name}: {done}.")
    return _back(request)


@require_POST
def revoke(request: PageRequest, pk: int) -> HttpResponse:
    exemption = _find(pk)
    counted = exemption.state == ExemptionState.PENDING
    actions.revoke_exemption(actor=request.user, exemption=exemption)
    about = f"{exemption.check_id} of {exemption.entity.display_name}"
    done = f"The wish for {about} is withdrawn." if counted else f"{about} counts again."
    messages.success(request, done)
    return _back(request)


def _find(pk: int) -> Exemption:
    found = selectors.exemptions().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such exemption. Its service may have been removed.")
    return found


def _back(request: PageRequest) -> HttpResponse:
    wanted = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if allowed else reverse("web:exemptions"))
