"""Notices what happened at a code host without us: pushes, pull requests, repositories that went."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError
from flagstone.forge.hosts.base import Forge, RepositoryInfo
from flagstone.forge.models import HostKind, PullRequest, Repository
from flagstone.forge.pipeline.pull_requests import record_pull_request
from flagstone.forge.signals import announce_repository

# how far the first look at a repository elsewhere goes back
FIRST_LOOK = timedelta(days=30)


def sync_repository(repository_id: int) -> ForgeError | None:
    """Bring a repository and its pull requests up to what its code host says.

    A repository that cannot be read keeps what is known of it, and says what is wrong; so does the answer.
    """
    repository = Repository.objects.select_related("host").get(pk=repository_id)
    forge = connect(repository.host)
    try:
        info = forge.get_repository(repository.full_name)
        _sync_pull_requests(repository, forge)
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
    known = PullRequest.objects.filter(repository=repository)
    since = known.aggregate(latest=Max("updated_at"))["latest"]
    if since is None and not repository.host.is_local:
        # a long history is read by a backfill, which can wait and be told to stop
        since = timezone.now() - FIRST_LOOK
    for touch in forge.touched_pull_requests(repository.full_name, since=since):
        found = forge.get_pull_request(repository.full_name, touch.number)
        record_pull_request(repository, found)


def _record_problem(repository: Repository, error: ForgeError) -> None:
    Repository.objects.filter(pk=repository.pk).update(
        problem=error.message, problem_code=error.code, synced_at=timezone.now()
    )
