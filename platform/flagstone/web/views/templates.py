"""Templates of others: the list, the form that registers one, and its page with the code that it brings."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from flagstone.accounts.permissions import require
from flagstone.core.errors import Forbidden, UserError
from flagstone.scaffolding.models import TemplateSource
from flagstone.scaffolding.registered import actions
from flagstone.scaffolding.registered.selectors import (
    find_template,
    list_templates,
    template_detail,
)
from flagstone.web.crumbs import Crumb
from flagstone.web.forms.templates import CommitForm, RefForm, TemplateForm
from flagstone.web.htmx import PageRequest
from flagstone.web.middleware import status_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def templates(request: PageRequest) -> HttpResponse:
    """List what is registered; register one more."""
    require(request.user, actions.RIGHT)
    form, status = TemplateForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound and form.is_valid():
        try:
            source = actions.register_template(actor=request.user, **form.cleaned_data)
        except UserError as error:
            form.add_error(None, error.message)
            status = status_of(error)
        else:
            messages.success(request, f"{source.title} is registered and being fetched.")
            return redirect("web:template", source.scaffold_id)
    if form.errors and status == 200:
        status = 422
    context = {"form": form, "sources": list_templates()}
    return render(request, "web/templates/list.html", context, status=status)


@never_cache
@require_safe
def template(request: PageRequest, scaffold_id: str) -> HttpResponse:
    """Show one: what it offers, what went wrong, and its code."""
    require(request.user, actions.RIGHT)
    detail = template_detail(scaffold_id)
    context = {
        "source": detail.source,
        "scaffolds": detail.scaffolds,
        "code": detail.code,
        "hidden": detail.hidden,
        "crumbs": [Crumb("Templates", reverse("web:templates")), Crumb(detail.source.title)],
    }
    part = "web/templates/_one.html" if request.htmx else "web/templates/page.html"
    return render(request, part, context)


@require_POST
def fetch(request: PageRequest, scaffold_id: str) -> HttpResponse:
    form = RefForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("The branch, tag or commit is too long.")
    return _act(
        request,
        scaffold_id,
        lambda source: actions.fetch_again(
            actor=request.user, source=source, ref=form.cleaned_data["ref"]
        ),
        "is being fetched again.",
    )


@require_POST
def code(request: PageRequest, scaffold_id: str) -> HttpResponse:
    """Let the code of one commit run, or, without a commit, let none run."""
    form = CommitForm(request.POST)
    if form.is_valid():
        commit = form.cleaned_data["commit"]
        return _act(
            request,
            scaffold_id,
            lambda source: actions.let_code_run(actor=request.user, source=source, commit=commit),
            f"runs its code at {commit[:10]}, locked in.",
        )
    return _act(
        request,
        scaffold_id,
        lambda source: actions.keep_code_off(actor=request.user, source=source),
        "runs no code of its own any more.",
    )


@require_POST
def remove(request: PageRequest, scaffold_id: str) -> HttpResponse:
    _act(
        request,
        scaffold_id,
        lambda source: actions.remove_template(actor=request.user, source=source),
        "is removed. What was made from it stays as it is.",
    )
    return redirect("web:templates")


def _act(
    request: PageRequest, scaffold_id: str, act: Callable[[TemplateSource], object], done: str
) -> HttpResponse:
    source = find_template(scaffold_id)
    try:
        act(source)
    except Forbidden:
        raise
    except UserError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{source.title} {done}")
    return redirect("web:template", scaffold_id)
