"""Watches a service after its rollback was merged, for what Argo CD says of it at the code host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from flagstone.delivery.health import APP_ANNOTATION, word_on_health
from flagstone.delivery.models import Rollback, RollbackState
from flagstone.delivery.recording import move
from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError
from flagstone.forge.hosts.base import CommitStatus, Forge, StatusState
from flagstone.forge.models import Repository
from flagstone.forge.revert_plans import holds_commit

# silence for so long is told as silence
PATIENCE = timedelta(hours=1)
_BAD = {StatusState.FAILURE, StatusState.ERROR}


def look_for_health(rollback: Rollback, commits: Sequence[str] = ()) -> None:
    """Read the statuses of the merge, of the newest commit, and of those that a check has just spoken of.

    Raises:
        ForgeError: The code host is not there for it now.
    """
    words = sorted(_words(rollback, commits), key=lambda word: word.at)
    good = [word for word in words if word.state is StatusState.SUCCESS]
    if good:
        _record_health(rollback, good[0])
    elif words:
        _note(rollback, words[-1])


def give_up_waiting(rollback: Rollback) -> None:
    """End the watch after a while: what was said last stands, and silence is no health."""
    if rollback.state != RollbackState.MERGED or rollback.merged_at is None:
        return
    if timezone.now() - rollback.merged_at < PATIENCE:
        return
    state = RollbackState.UNHEALTHY if rollback.health_note else RollbackState.UNREPORTED
    move(rollback, state)


def app_of(rollback: Rollback) -> str:
    """Return what Argo CD calls the service."""
    annotations = rollback.entity.annotations if rollback.entity else {}
    named = annotations.get(APP_ANNOTATION) if isinstance(annotations, dict) else None
    if isinstance(named, str) and named:
        return named
    return rollback.entity.name if rollback.entity else rollback.entity_ref.rpartition("/")[2]


def _words(rollback: Rollback, commits: Sequence[str]) -> Iterator[CommitStatus]:
    repository = rollback.change_request.repository
    forge, app, since = connect(repository.host), app_of(rollback), _merged_there(rollback)
    for commit in _candidates(rollback, repository, forge, commits):
        statuses = forge.commit_statuses(repository.full_name, commit)
        if word := word_on_health(statuses.values(), app, since=since):
            yield word


def _merged_there(rollback: Rollback) -> datetime:
    """Return the time of the merge by the clock that statuses are dated by."""
    pull_request = rollback.change_request.pull_request
    merged_at = pull_request.merged_at if pull_request else None
    return merged_at or rollback.merged_at or rollback.clicked_at


def _candidates(
    rollback: Rollback, repository: Repository, forge: Forge, commits: Sequence[str]
) -> Iterator[str]:
    """Yield the merge, and those of the others that hold it: Argo CD may have gone straight to a later one."""
    yield rollback.merge_commit
    newest = forge.get_repository(repository.full_name).head
    for commit in dict.fromkeys([newest, *commits]):
        if commit != rollback.merge_commit and _holds(repository, rollback.merge_commit, commit):
            yield commit


def _holds(repository: Repository, merge: str, commit: str) -> bool:
    try:
        return holds_commit(repository, merge, of=commit)
    except ForgeError:  # a commit of nowhere, or none that can be asked about now
        return False


def _record_health(rollback: Rollback, word: CommitStatus) -> None:
    took = max(word.at - _merged_there(rollback), timedelta())
    move(
        rollback,
        RollbackState.HEALTHY,
        healthy_at=(rollback.merged_at or word.at) + took,
        health_source=word.context[:255],
        health_note="",
        ended_at=None,
    )


def _note(rollback: Rollback, word: CommitStatus) -> None:
    """Keep what a status says that is not good; a later one may be."""
    note = f"{word.state.value}: {word.description}".rstrip(": ") if word.state in _BAD else ""
    Rollback.objects.filter(pk=rollback.pk, healthy_at=None).update(
        health_source=word.context[:255], health_note=note
    )
    rollback.refresh_from_db()
