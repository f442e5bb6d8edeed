"""Notices what happened at a code host without us: pushes, pull requests, repositories that went."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError, RateLimited
from flagstone.forge.hosts.base import Forge, PullRequestTouch, RepositoryInfo
from flagstone.forge.models import HostKind, PullRequest, Repository
from flagstone.forge.pipeline.reading import (
    MOST_IN_A_ROW,
    Unreadable,
    not_recorded,
    read_pull_request,
)
from flagstone.forge.signals import announce_repository

logger = logging.getLogger(__name__)

# how far the first look at a repository elsewhere goes back
FIRST_LOOK = timedelta(days=30)
# pull requests that one look reads; a task has minutes, not hours
MOST_AT_ONCE = 100
# how long one is tried again that the code host cannot show
TRIED_FOR = timedelta(days=1)


def sync_repository(repository_id: int) -> ForgeError | None:
    """Bring a repository and its pull requests up to what its code host says.

    A repository that cannot be read keeps what is known of it, and says what is wrong; so does the answer.
    """
    repository = Repository.objects.select_related("host").filter(pk=repository_id).first()
    if repository is None:
        return None  # it was unregistered since it was asked for
    forge = connect(repository.host)
    try:
        info = forge.get_repository(repository.full_name)
        _sync_pull_requests(repository, forge)
    except RateLimited as error:
        return error  # that is no problem of the repository: it is looked at again when the limit allows
    except ForgeError as error:
        _record_problem(repository, error)
        return error
    record_info(repository, info)
    return None


def claim_due_repositories() -> list[int]:
    """Take the repositories to look at now.

    Those on this machine are looked at in every sweep. Of others webhooks tell, and every look uses up requests
    that a code host counts; so they are looked at when the last look is some minutes ago, and the workers are not
    asked again for a look that they have not come to.
    """
    patience = timedelta(minutes=settings.FLAGSTONE_SYNC_MINUTES)
    known = Repository.objects.seen()
    local = known.filter(host__kind=HostKind.LOCAL)
    remote = known.exclude(host__kind=HostKind.LOCAL).exclude(
        synced_at__gt=timezone.now() - patience
    )
    asked = [
        pk
        for pk in remote.values_list("pk", flat=True)
        if cache.add(f"forge-sync:{pk}", value=True, timeout=patience.total_seconds() / 2)
    ]
    return [*local.values_list("pk", flat=True), *asked]


def record_info(repository: Repository, info: RepositoryInfo) -> None:
    """Store what a code host says of a repository, and announce a default branch that moved."""
    row = Repository.objects.filter(pk=repository.pk)
    moved = {"default_branch": info.default_branch, "head_commit": info.head}
    with transaction.atomic():
        if row.exclude(**moved).update(**moved):
            announce_repository(
                repository_id=repository.pk, branch=info.default_branch, commit=info.head
            )
        row.update(
            description=info.description,
            problem="",
            problem_code="",
            synced_at=timezone.now(),
        )
    repository.refresh_from_db()


def _sync_pull_requests(repository: Repository, forge: Forge) -> None:
    """Read what changed since the last look, the oldest change first; what is too much for one is left to the next.

    What others recorded meanwhile, such as webhooks, moves nothing: one of them may have been lost.
    """
    asked_at = timezone.now()
    since = repository.pulls_seen_until
    if since is None or since > asked_at:
        since = _first_look(repository)
    touches = forge.touched_pull_requests(repository.full_name, since=since)
    news = not_recorded(repository, touches)
    held_up = _read_all(repository, forge, news[:MOST_AT_ONCE], asked_at=asked_at)
    if held_up is not None or len(news) > MOST_AT_ONCE:
        return
    seen = [touch.updated_at for touch in touches if touch.updated_at <= asked_at]
    until = seen[-1] if seen else since
    # the latest may have changed once more in the same second
    latest = [touch for touch in touches if touch.updated_at == until and touch not in news]
    held_up = _read_all(repository, forge, latest[-1:], asked_at=asked_at)
    if moment := held_up or until:
        _seen_until(repository, moment, asked_at=asked_at)


def _first_look(repository: Repository) -> datetime | None:
    """Return how far the first look goes back; None for all of it.

    A long history elsewhere is read by a backfill, which can wait and be told to stop. What is known as open is
    followed from when it was last seen.
    """
    if repository.host.is_local:
        return None
    known = PullRequest.objects.open().filter(repository=repository)
    oldest: datetime | None = known.aggregate(oldest=Min("updated_at"))["oldest"]
    recent = timezone.now() - FIRST_LOOK
    return min(recent, oldest) if oldest else recent


def _read_all(
    repository: Repository, forge: Forge, touches: Iterable[PullRequestTouch], *, asked_at: datetime
) -> datetime | None:
    """Read pull requests in the order of their changes; return the moment of one that has to be tried again.

    Raises:
        ForgeError: None can be read, or many in a row cannot.
    """
    held_up: datetime | None = None
    in_a_row = 0
    for touch in touches:
        try:
            read_pull_request(repository, forge, touch.number)
            in_a_row = 0
        except Unreadable as error:
            in_a_row += 1
            if error.cause is not None and in_a_row > MOST_IN_A_ROW:
                raise error.cause from error
            logger.warning("cannot read %s#%s: %s", repository, touch.number, error)
            is_fresh = asked_at - TRIED_FOR < touch.updated_at <= asked_at
            if error.cause is not None and error.cause.worth_retrying and is_fresh:
                held_up = held_up or touch.updated_at
        _seen_until(repository, held_up or touch.updated_at, asked_at=asked_at)
    return held_up


def _seen_until(repository: Repository, moment: datetime, *, asked_at: datetime) -> None:
    """Note that nothing before a moment has to be looked at again; one after the list was asked for tells nothing."""
    if moment <= asked_at:
        Repository.objects.filter(pk=repository.pk).update(pulls_seen_until=moment)


def _record_problem(repository: Repository, error: ForgeError) -> None:
    Repository.objects.filter(pk=repository.pk).update(
        problem=error.message, problem_code=error.code, synced_at=timezone.now()
    )
