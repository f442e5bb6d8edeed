"""New service: pick a scaffold, answer its questions, look at every file, create."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from flagstone.accounts.permissions import require
from flagstone.catalog.selectors import Linked, link
from flagstone.core.errors import Busy, Forbidden, NotFound, UserError
from flagstone.gate.previews import forecast
from flagstone.scaffolding import actions, selectors
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.engine.answers import validate
from flagstone.scaffolding.engine.derived import derived_defaults
from flagstone.scaffolding.engine.scaffold import Scaffold
from flagstone.scaffolding.engine.typed_answers import from_html
from flagstone.scaffolding.errors import (
    AnswersInvalid,
    NameTaken,
    RendererKilled,
    TemplateError,
)
from flagstone.scaffolding.picking import require_known_entities
from flagstone.scaffolding.rendering_places import place_to_render
from flagstone.web import previews
from flagstone.web.forms.questions import (
    PREFIX,
    as_clauses,
    as_posted,
    defaults,
    derived_shown,
    posted_answers,
    sections_of,
)
from flagstone.web.htmx import PageRequest
from flagstone.web.middleware import status_of
from flagstone.web.pickers import host_notices, own_squad, pickable

RIGHT = "scaffolding.create"
RECENT = 5
STAGES = ("Scaffold", "Answers", "Preview", "Create")

Posted = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Stage:
    title: str
    state: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A scaffold to choose."""

    summary: selectors.ScaffoldSummary
    owner: Linked | None


@never_cache
@require_safe
def pick(request: PageRequest) -> HttpResponse:
    found = selectors.list_scaffolds()
    owners = link(summary.scaffold.owner for summary in found)
    found.sort(key=lambda summary: summary.scaffold.problem is not None)
    cards = [Card(summary, owners.get(summary.scaffold.owner)) for summary in found]
    return render(
        request, "web/new/pick.html", {"cards": cards, "recent": selectors.list_runs()[:RECENT]}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: PageRequest, scaffold_id: str) -> HttpResponse:
    """Ask the scaffold's questions: with defaults, with what the address says, or as they were answered before."""
    require(request.user, RIGHT)
    scaffold = find_scaffold(scaffold_id)
    if request.method == "POST":
        return _form(request, scaffold, posted_answers(request.POST.lists()))
    said = {name: values for name, values in request.GET.lists() if name in scaffold.form.names}
    return _form(
        request,
        scaffold,
        {**defaults(scaffold.form), **own_squad(request.user, scaffold.form), **said},
    )


@never_cache
@require_safe
def again(request: PageRequest, scaffold_id: str, key: uuid.UUID) -> HttpResponse:
    """Ask as it was answered before: on a page of the form, or for a run; a secret is asked for anew."""
    require(request.user, RIGHT)
    scaffold = find_scaffold(scaffold_id)
    posted = previews.remembered(request.user, key) or _answers_of_run(scaffold, key)
    if posted is None:
        return redirect("web:new-form", scaffold.id)
    return _form(request, scaffold, posted)


@never_cache
@require_POST
def check(request: PageRequest, scaffold_id: str) -> HttpResponse:
    """Say what is wrong with one answer, by the rules that creating goes by; of a name also that it is free."""
    require(request.user, RIGHT)
    scaffold = find_scaffold(scaffold_id)
    posted = posted_answers(request.POST.lists())
    name = request.GET.get("field", "")
    faults = as_clauses(_faults(scaffold, posted).get(name, []))
    praise = ""
    if name == scaffold.name_field and not faults:
        typed = (posted.get(name) or [""])[-1].strip(" ")
        problem = selectors.name_problem(typed, is_change=scaffold.is_change)
        faults = [problem] if problem else []
        praise = "" if scaffold.is_change else f"{typed} is free."
    context = {"errors": faults, "praise": praise}
    return render(request, "components/question/said.html", context)


@never_cache
@require_POST
def live_defaults(request: PageRequest, scaffold_id: str) -> HttpResponse:
    """Say what the questions that are left empty come to, as far as the template computes that."""
    require(request.user, RIGHT)
    scaffold = find_scaffold(scaffold_id)
    posted = posted_answers(request.POST.lists())
    given = {name: values for name, values in posted.items() if any(values)}
    try:
        with place_to_render(request.user):
            found = derived_defaults(scaffold, from_html(scaffold.form, given))
    except Busy:
        # what the page shows stays; the next answer asks again
        return HttpResponse(status=204)
    except (TemplateError, RendererKilled) as error:
        # the preview says the same; the form can go on without
        context: dict[str, Any] = {"problem": error.message, "derived": []}
    else:
        context = {"derived": derived_shown(scaffold.form, found)}
    return render(request, "web/new/_derived.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: PageRequest, scaffold_id: str) -> HttpResponse:
    """Render both trees, keep them for a while, and send the person to where they can be read."""
    if request.method != "POST":
        return redirect("web:new-form", scaffold_id)
    scaffold = find_scaffold(scaffold_id)
    posted = posted_answers(request.POST.lists())
    previews.remember(
        request.user, request.POST.get("page", ""), scaffold.form.without_secrets(posted)
    )
    answers = from_html(scaffold.form, posted)
    try:
        found = forecast(actor=request.user, scaffold_id=scaffold_id, answers=answers)
    except UserError as error:
        return _refused(request, scaffold, posted, error)
    if holder := found.preview.holder:
        return _form(request, scaffold, posted, faults=_taken(scaffold, holder), status=409)
    kept = previews.keep(request.user, found)
    return redirect("web:new-previewed", scaffold.id, kept.key)


@never_cache
@require_safe
def previewed(request: PageRequest, scaffold_id: str, key: uuid.UUID) -> HttpResponse:
    """Show what would be made: both trees, one file, and what the policies and the scorecard say."""
    require(request.user, RIGHT)
    scaffold = find_scaffold(scaffold_id)
    kept = previews.kept_preview(request.user, key)
    if kept is None:
        messages.error(request, "The preview is gone: it is kept for two hours. Answer again.")
        return redirect("web:new-form", scaffold.id)
    tree, path = previews.chosen_file(kept, request.GET.get("file", ""))
    context = {
        "scaffold": scaffold,
        "name": kept.name,
        "key": kept.key,
        "stages": _stages("Preview", scaffold),
        "repositories": previews.repositories_of(kept, tree, path),
        "file": previews.file_of(kept, tree, path),
        "verdict": kept.verdict,
        "changes_nothing": kept.changes_nothing,
        "notes": kept.notes,
        "answers": [(f"{PREFIX}{name}", values) for name, values in kept.posted.items()],
    }
    return render(request, "web/new/preview.html", context)


@require_POST
def create(request: PageRequest, scaffold_id: str) -> HttpResponse:
    """Have the service made; the key of the preview makes one run of it, however often this is sent."""
    scaffold = find_scaffold(scaffold_id)
    posted = posted_answers(request.POST.lists())
    try:
        run = actions.request_run(
            actor=request.user,
            scaffold_id=scaffold_id,
            answers=from_html(scaffold.form, posted),
            idempotency_key=request.POST.get("key", ""),
        )
    except UserError as error:
        return _refused(request, scaffold, posted, error)
    return redirect("web:run", run.pk)


def _answers_of_run(scaffold: Scaffold, run_id: uuid.UUID) -> Posted | None:
    try:
        run = selectors.find_run(run_id)
    except NotFound:
        return None
    if run.scaffold_id != scaffold.id:
        return None
    try:
        return as_posted(scaffold.form, run.answers)
    except (AttributeError, TypeError):
        # a question is of another kind by now
        return None


def _refused(
    request: PageRequest, scaffold: Scaffold, posted: Posted, error: UserError
) -> HttpResponse:
    """Show the form again with what is wrong, at the field where there is one."""
    if isinstance(error, Forbidden):
        raise error
    if isinstance(error, AnswersInvalid):
        return _form(request, scaffold, posted, faults=error.faults, status=422)
    if isinstance(error, NameTaken):
        holder = str(error.params["holder"])
        return _form(request, scaffold, posted, faults=_taken(scaffold, holder), status=409)
    return _form(request, scaffold, posted, others=[error.message], status=status_of(error))


def _taken(scaffold: Scaffold, holder: str) -> dict[str, list[str]]:
    return {scaffold.name_field: [f"is taken: {holder}"]}


def _faults(scaffold: Scaffold, posted: Posted) -> Mapping[str, list[str]]:
    try:
        answers = validate(scaffold.form, from_html(scaffold.form, posted))
        require_known_entities(scaffold.form, answers)
    except AnswersInvalid as error:
        return error.faults
    return {}


def _form(
    request: PageRequest,
    scaffold: Scaffold,
    posted: Posted,
    *,
    faults: Mapping[str, Sequence[str]] | None = None,
    others: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    faults = faults or {}
    sections = sections_of(
        scaffold.form,
        posted,
        from_html(scaffold.form, posted),
        pickable=pickable(request.user, scaffold.form),
        notices=host_notices(scaffold.form),
        faults=faults,
    )
    strays = [
        f"{name} {text}."
        for name in faults
        if name not in scaffold.form.names
        for text in faults[name]
    ]
    context: dict[str, Any] = {
        "scaffold": scaffold,
        "page": uuid.uuid4(),
        "sections": sections,
        "stages": _stages("Answers", scaffold),
        "check": reverse("web:new-check", args=(scaffold.id,)),
        "has_derived": any(q.is_derived for section in sections for q in section.questions),
        "faults": sum(section.faults for section in sections),
        "others": [*others, *strays],
    }
    return render(request, "web/new/form.html", context, status=status)


def _stages(now: str, scaffold: Scaffold) -> list[Stage]:
    place = STAGES.index(now)
    urls = {"Scaffold": reverse("web:new")}
    return [
        Stage(
            title,
            "done" if number < place else "now" if number == place else "",
            urls.get(title, "") if number < place else "",
        )
        for number, title in enumerate(STAGES)
    ]
