"""The bell: the mark in the top bar, the list under it, and the notices of jobs that ended."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from flagstone.web import notifications
from flagstone.web.htmx import PageRequest, render_page_or_partial, toast
from flagstone.web.presentation import look_of

SEEN, TOLD = "bell_seen", "bell_told"


@never_cache
@require_safe
def jobs(request: PageRequest) -> HttpResponse:
    """List my recent jobs; opening the list is what makes them seen."""
    request.session[SEEN] = timezone.now().isoformat()
    rows = [(job, notifications.page_of(job)) for job in notifications.recent_jobs(request.user)]
    return render_page_or_partial(
        request, "web/bell/page.html", "web/bell/_list.html", {"rows": rows}
    )


@never_cache
@require_safe
def mark(request: PageRequest) -> HttpResponse:
    """Answer the poll of the top bar: nothing (204) unless the mark changed or a job ended."""
    now = timezone.now()
    told, seen = _moment(request, TOLD), _moment(request, SEEN)
    state = notifications.bell_state(request.user, seen)
    ended = notifications.ended_between(request.user, told, now) if told else []
    if told is None or ended:
        request.session[TOLD] = now.isoformat()
    if not ended and request.GET.get("state") == state.token:
        return HttpResponse(status=204)
    response = render(request, "web/bell/_mark.html", {"state": state})
    if ended:
        job, look = ended[0], look_of(ended[0].state)
        toast(response, f"{job.title}: {look.word}", tone=look.tone, url=notifications.page_of(job))
    return response


def _moment(request: PageRequest, key: str) -> datetime | None:
    text = request.session.get(key)
    return datetime.fromisoformat(text) if text else None
