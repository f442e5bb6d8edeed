"""Pull requests: the list against the promises, and the page where one is read, approved and merged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from flagstone.accounts.permissions import may
from flagstone.core.errors import FlagstoneError, UserError
from flagstone.forge import actions, elsewhere, selectors
from flagstone.forge.hosts.base import MergeMethod, Verdict
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.models import ChangeRequest, PullRequest
from flagstone.gate.merging import merge_pull_request
from flagstone.gate.rules import SMALL
from flagstone.web import pull_elsewhere, pull_lists, pull_requests
from flagstone.web.arrivals import SHOWN, arrivals_from, catalogue_files_of
from flagstone.web.crumbs import Crumb
from flagstone.web.forms.pulls import METHODS, MergeForm, ReviewForm
from flagstone.web.htmx import PageRequest, stop_polling
from flagstone.web.links import with_query
from flagstone.web.middleware import status_of
from flagstone.web.pull_verdicts import verdict_on

PER_PAGE = 30


@never_cache
@require_safe
def pulls(request: PageRequest) -> HttpResponse:
    wanted = pull_lists.Narrowing.of(request.GET)
    page = Paginator(pull_lists.listed(wanted), PER_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    context = {
        "wanted": wanted,
        "page": page,
        "rows": [pull_lists.row_of(pull, now) for pull in page],
        "tabs": pull_lists.tabs(wanted),
        "filters": pull_lists.selectable(request.user, wanted),
        "promise": SMALL,
        "clear": f"{reverse('web:pulls')}?state={wanted.state}",
        "new_url": reverse("web:new"),
    }
    return render(request, "web/pulls/list.html", context)


@never_cache
@require_safe
def pull(request: PageRequest, pk: int) -> HttpResponse:
    return _page(request, _found(pk))


@never_cache
@require_safe
def arrivals(request: PageRequest, pk: int) -> HttpResponse:
    """Answer the poll of a merged pull request's page: how far its services have come."""
    found = _found(pk)
    if not request.htmx or found.merged_at is None:
        return redirect("web:pull", found.pk)
    context = _arrivals(found, request.GET.getlist("file"), found.merged_at)
    response = render(request, "web/arrival/_list.html", context)
    return response if context["follows"] else stop_polling(response)


@require_POST
def review(request: PageRequest, pk: int) -> HttpResponse:
    """Say something, with a verdict or without one."""
    found, form = _found(pk), ReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, found, review=form, status=422)
    verdict, body = Verdict(form.cleaned_data["verdict"]), form.cleaned_data["body"]
    try:
        if verdict is Verdict.COMMENTED:
            actions.comment_on_pull_request(actor=request.user, pull_request=found, body=body)
        else:
            actions.review_pull_request(
                actor=request.user, pull_request=found, verdict=verdict, body=body
            )
    except UserError as error:
        return _page(request, found, obstacle=error, review=form)
    return redirect("web:pull", found.pk)


@require_POST
def merge(request: PageRequest, pk: int) -> HttpResponse:
    """Merge exactly the commit that the person looked at."""
    found, form = _found(pk), MergeForm(request.POST)
    if not form.is_valid():
        raise UserError("The form does not say which commit is to be merged. Open the page again.")
    try:
        merge_pull_request(
            actor=request.user,
            pull_request=found,
            expected_head=form.cleaned_data["head"],
            method=MergeMethod(form.cleaned_data["method"]),
            despite_stop=form.cleaned_data["despite_stop"],
        )
    except UserError as error:
        return _page(request, found, obstacle=error)
    messages.success(request, f"{found} is merged.")
    return redirect("web:pull", found.pk)


@require_POST
def close(request: PageRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    try:
        actions.close_pull_request(actor=request.user, pull_request=found)
    except UserError as error:
        return _page(request, found, obstacle=error)
    messages.success(request, f"{found} is closed without being merged.")
    return redirect("web:pull", found.pk)


@require_POST
def rebuild(request: PageRequest, pk: int) -> HttpResponse:
    """Have the change behind it built again on what its target branch holds now."""
    found = _found(pk)
    change = get_object_or_404(ChangeRequest, pull_request=found)
    try:
        actions.rebuild_change(actor=request.user, change=change)
    except UserError as error:
        return _page(request, found, obstacle=error)
    messages.success(request, f"{found} is being built again on {change.target_branch}.")
    return redirect("web:pull", found.pk)


def _found(pk: int) -> PullRequest:
    return get_object_or_404(
        PullRequest.objects.select_related("repository__host", "author", "change_request"), pk=pk
    )


def _arrivals(found: PullRequest, catalogue_files: list[str], since: datetime) -> dict[str, Any]:
    coming = arrivals_from(found.repository, catalogue_files, since=since)
    return {
        "arrivals": coming,
        "follows": not all(arrival.is_done for arrival in coming),
        "address": with_query(
            reverse("web:pull-arrivals", args=(found.pk,)), file=catalogue_files[:SHOWN]
        ),
    }


def _page(
    request: PageRequest,
    found: PullRequest,
    *,
    obstacle: FlagstoneError | None = None,
    review: ReviewForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a pull request as it is at this moment; over it, why something could not be done to it."""
    if elsewhere.is_reviewed_here(found.repository.host):
        name, context = "web/pulls/page.html", _told(request, selectors.pull_request_detail(found))
    else:
        name, context = "web/pulls/elsewhere.html", _told_elsewhere(request, found)
    context |= {"obstacle": obstacle.message if obstacle else "", "typed": review}
    status = status_of(obstacle) if obstacle else status
    return render(request, name, context, status=status)


def _told(request: PageRequest, detail: selectors.PullRequestDetail) -> dict[str, Any]:
    found, live, user = detail.pull_request, detail.live, request.user
    changed = detail.files or []
    files = pull_requests.changed_files(changed[: pull_requests.FILES_SHOWN], detail.marks)
    has_conflict = bool(detail.merge and detail.merge.conflicts)
    return _frame(
        request, found, live, [file.path for file in changed], has_conflict=has_conflict
    ) | {
        "detail": detail,
        "size": pull_requests.size_of_change(
            found, detail.size.written_lines if detail.size else None
        ),
        "waiting": pull_requests.waiting_of(found, timezone.now()),
        "remarks": pull_requests.remarks_of(live, detail.body),
        "approvals": pull_requests.approvals_of(live),
        "mergeable": pull_requests.is_mergeable(detail),
        "files": files,
        "left_out_note": pull_requests.left_out_note(len(files), len(changed)),
        "tree_files": pull_requests.tree_of(files),
        "statuses": pull_requests.shown_statuses(detail.statuses),
        "has_failed_status": pull_requests.has_failed_status(detail.statuses),
        "is_mine": live.author.login == user.username,
        "may_review": may(user, "forge.review"),
        "may_merge": may(user, "forge.merge"),
        "may_close": may(user, "forge.close"),
    }


def _told_elsewhere(request: PageRequest, found: PullRequest) -> dict[str, Any]:
    view = elsewhere.view_at_host(found)
    paths = [file.path for file in view.files or ()]
    frame = _frame(request, found, view.live, paths, has_conflict=view.live.has_conflict)
    return frame | pull_elsewhere.context_of(request.user, view)


def _frame(
    request: PageRequest,
    found: PullRequest,
    live: HostPullRequest,
    paths: list[str],
    *,
    has_conflict: bool | None,
) -> dict[str, Any]:
    """Return what the page of every pull request shows, wherever people review it."""
    change = getattr(found, "change_request", None)
    context: dict[str, Any] = {}
    if live.merged_at:
        context = _arrivals(found, catalogue_files_of(found.repository, paths), live.merged_at)
    return context | {
        "pull": found,
        "live": live,
        "state": "draft" if live.state == "open" and live.is_draft else live.state.value,
        "is_open": live.state == "open",
        "is_merged": live.state == "merged",
        "methods": METHODS,
        "run_url": pull_requests.run_url(found),
        "rollback_url": pull_requests.rollback_url(found),
        "change": change,
        "verdict": verdict_on(found, live.head),
        "may_rebuild": elsewhere.needs_rebuilding(change, has_conflict=has_conflict)
        and may(request.user, "forge.request_change"),
        "crumbs": [Crumb("Pull requests", reverse("web:pulls")), Crumb(str(found))],
    }
