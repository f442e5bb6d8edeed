"""Acts of the admin that ask first: a page says what will happen to which rows, and a second click does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from flagstone.core.errors import UserError

_CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class ConfirmedAct:
    """What is asked about, and done once it is confirmed.

    Attributes:
        name: Of the admin's list action that leads to the question.
        title: Of the page.
        button: What the person agrees to.
        act: Calls the action for one row; it may refuse with a `UserError`.
        done: What is said of each row afterwards, `{}` standing for the row.
        foretell: What will happen to a row, in sentences.
        hindrance: Why it cannot be done to a row now, and what to do about it; "" where it can.
    """

    name: str
    title: str
    button: str
    act: Callable[[Any, Any], object]
    done: str
    foretell: Callable[[Any], Sequence[str]]
    hindrance: Callable[[Any], str] = lambda _: ""


def ways_to(confirmed: ConfirmedAct) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the two actions of a ModelAdmin that lead to the question: the list's, and that of a row's page.

    The ModelAdmin's `has_manage_permission` says who may. The list's stands there under the act's own name.
    """

    @admin.action(description=confirmed.button, permissions=["manage"])
    def of_list(
        model_admin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse:
        return _ask_or_act(model_admin, request, queryset, confirmed)

    @action(  # type: ignore[untyped-decorator]
        description=confirmed.button,
        url_path=confirmed.name.replace("_", "-"),
        permissions=["manage"],
    )
    def of_page(model_admin: ModelAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
        row = model_admin.get_queryset(request).filter(pk=object_id)
        return _ask_or_act(model_admin, request, row, confirmed)

    return of_list, of_page


def _ask_or_act(
    model_admin: ModelAdmin[Any], request: HttpRequest, rows: QuerySet[Any], confirmed: ConfirmedAct
) -> HttpResponse:
    """Answer with the question; or, if it is agreed to, act on each row and lead back.

    Args:
        model_admin: Whose rows they are.
        request: From a list's action, or from the page of a single row.
        rows: Those that were chosen.
        confirmed: What is to be done.
    """
    chosen = list(rows)
    if request.method != "POST" or _CONFIRMED not in request.POST:
        return _question(model_admin, request, chosen, confirmed)
    for row in chosen:
        name = str(row)
        try:
            confirmed.act(request.user, row)
        except UserError as error:
            model_admin.message_user(request, error.message, messages.ERROR)
        else:
            model_admin.message_user(request, confirmed.done.format(name), messages.SUCCESS)
    return HttpResponseRedirect(_way_back(model_admin, rows, chosen))


def _question(
    model_admin: ModelAdmin[Any], request: HttpRequest, chosen: list[Model], confirmed: ConfirmedAct
) -> HttpResponse:
    told = [
        {"row": row, "foretold": confirmed.foretell(row), "hindrance": confirmed.hindrance(row)}
        for row in chosen
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": confirmed.title,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "told": told,
        "confirmed": confirmed,
        "is_possible": any(not each["hindrance"] for each in told),
        "back": _way_back(model_admin, model_admin.get_queryset(request), chosen),
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "core/confirmation.html", context)


def _way_back(model_admin: ModelAdmin[Any], rows: QuerySet[Any], chosen: list[Model]) -> str:
    """Return the address of the only row as long as it is there, or else of the list."""
    place = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}"
    if len(chosen) == 1 and rows.filter(pk=chosen[0].pk).exists():
        return reverse(f"{place}_change", args=[chosen[0].pk])
    return reverse(f"{place}_changelist")
