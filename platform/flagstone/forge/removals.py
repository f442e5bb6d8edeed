"""What goes with a code host or a repository that is taken out, and what stands in the way, in words for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError, QuerySet
from django.db.models.deletion import Collector

from flagstone.forge.models import ChangeRequest, ChangeState, CodeHost, Repository
from flagstone.forge.models.change_requests import SHIPPING

# those that need attention have no worker at them, and what they opened stays as it is at the code host
_UNDER_WAY = (*SHIPPING, ChangeState.OPENED)


def why_host_stays(host: CodeHost) -> str:
    """Return why a code host cannot be removed now, and what to do first; "" where it can."""
    names = list(host.repositories.order_by("full_name").values_list("full_name", flat=True))
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Repositories of {host.name} are registered: {shown}. Unregister them first."


def what_goes_with_host(host: CodeHost) -> list[str]:
    """Return what is removed with a code host; at the code host itself nothing changes."""
    deliveries = counted(host.deliveries.count(), "webhook delivery", "webhook deliveries")
    return [
        f"{counted(host.secrets.count(), 'stored secret')} will be forgotten.",
        f"{deliveries} from it will be deleted, and new ones refused: delete its webhooks there.",
        f"{counted(host.accounts.count(), 'login')} of people there will be forgotten.",
        "The code host itself is left as it is.",
    ]


def why_repository_stays(
    repository: Repository, *, without: Collection[type[Model]] = frozenset()
) -> str:
    """Return why a repository cannot be unregistered now, and what to do first; "" where it can.

    Args:
        repository: Which one.
        without: What the caller takes out first.
    """
    changes = repository.change_requests
    under_way = list(changes.filter(state__in=_UNDER_WAY).values_list("title", flat=True)[:3])
    if under_way:
        return (
            f"Changes are under way in {repository}: {', '.join(under_way)}. "
            "Merge or close their pull requests first."
        )
    held = Counter(
        type(row)
        for rows in (changes.all(), [repository])
        for row in _rows_that_need(rows)
        if not isinstance(row, (ChangeRequest, *without))
    )
    if held:
        records = ", ".join(
            counted(number, str(model._meta.verbose_name), str(model._meta.verbose_name_plural))  # noqa: SLF001 - Django's own name for it
            for model, number in held.items()
        )
        return (
            f"{repository} is part of the record of {records}, which is kept. If it is no longer what runs, "
            "change its role instead."
        )
    return ""


def _rows_that_need(rows: QuerySet[Any] | list[Repository]) -> Collection[Model]:
    """Return what the database would not let go, without deleting anything."""
    try:
        Collector(using=DEFAULT_DB_ALIAS).collect(rows)
    except ProtectedError as error:
        return error.protected_objects
    return ()


def what_goes_with_repository(repository: Repository) -> list[str]:
    """Return what is removed with a repository; at the code host itself nothing changes."""
    changes = counted(repository.change_requests.count(), "change")
    pulls = counted(repository.pull_requests.count(), "pull request")
    return [
        f"What is recorded of {pulls}, and {changes} that Flagstone shipped, will be deleted here.",
        "Scores that were read from it stay as they are.",
        f"The repository at {repository.host} is left as it is, and can be registered again.",
    ]


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
