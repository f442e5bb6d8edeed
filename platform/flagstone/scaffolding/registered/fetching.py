"""Fetches templates: one commit's files, packed, checked and kept; what was kept before stays until then."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from flagstone.core import audit
from flagstone.core.errors import FlagstoneError
from flagstone.core.locks import only_one_at
from flagstone.core.tasks import RetryLater
from flagstone.forge.errors import ForgeError, RepositoryGone
from flagstone.forge.git.checkout import check_out
from flagstone.scaffolding.engine.archives import pack_folder
from flagstone.scaffolding.engine.layers import digest_of
from flagstone.scaffolding.errors import TemplateError, UnsafeTemplate
from flagstone.scaffolding.models import STUCK_AFTER, TemplateSource, TemplateState
from flagstone.scaffolding.registered.addresses import remote_of
from flagstone.scaffolding.registered.holding import scaffolds_below

MOST_TRIES = 5
MOST_AT_ONCE = 20
# of all templates one is fetched at a time: a slow host holds one worker and never all of them
_TURN = UUID("6f4be0a5-8c1d-4c51-9a34-0d8f6f2c7b10")

logger = logging.getLogger(__name__)


def take_turn(source_id: int, call: Callable[[int], None]) -> None:
    """Fetch a template if none is being fetched, and call for the next then; else whoever is at one calls for this.

    Raises:
        RetryLater: As `fetch`.
    """
    with contextlib.ExitStack() as after, only_one_at(_TURN) as is_ours:
        if is_ours:
            # it runs when the turn is given back, however the fetch ended
            after.callback(_call_next, call)
            fetch(source_id)


def fetch(source_id: int) -> None:
    """Fetch a template that waits for it; calling it again fetches the same.

    Raises:
        RetryLater: The code host did not answer; the template waits for its next try.
    """
    source = TemplateSource.objects.defer("content").filter(pk=source_id).first()
    if source is None or source.state != TemplateState.WAITING:
        return
    try:
        _keep(source)
    except ForgeError as failure:
        if failure.worth_retrying and source.tries + 1 < MOST_TRIES:
            _postpone(source, failure)
        _fail(source, failure)
    except FlagstoneError as failure:
        _fail(source, failure)
    except Exception as failure:
        logger.exception("fetching the template %s failed", source.scaffold_id)
        _fail(source, FlagstoneError(f"It could not be fetched: {failure}", code="unexpected"))


@transaction.atomic
def claim_waiting() -> list[int]:
    """Take the templates that wait and that nobody is at; two sweeps at once take different ones."""
    now = timezone.now()
    rows = (
        TemplateSource.objects.filter(
            state=TemplateState.WAITING, not_before__lte=now, touched_at__lte=now - STUCK_AFTER
        )
        .select_for_update(skip_locked=True)
        .order_by("touched_at")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )
    claimed = list(rows)
    TemplateSource.objects.filter(pk__in=claimed).update(touched_at=now)
    return claimed


def _call_next(call: Callable[[int], None]) -> None:
    waiting = TemplateSource.objects.filter(
        state=TemplateState.WAITING, not_before__lte=timezone.now()
    )
    for source_id in waiting.order_by("touched_at").values_list("pk", flat=True)[:1]:
        call(source_id)


def _keep(source: TemplateSource) -> None:
    with tempfile.TemporaryDirectory(prefix="flagstone-template-") as folder:
        into = Path(folder).resolve()
        commit = _checked_out(source, into)
        root = (into / source.directory).resolve()
        label = source.scaffold_id
        if not root.is_relative_to(into):
            raise UnsafeTemplate("leads out of the repository", file=source.directory)
        if not root.is_dir():
            raise TemplateError(f"there is no such folder at {commit[:12]}", file=source.directory)
        digest, content = digest_of(root, label), pack_folder(root, label)
        _refuse_unusable(root, source)
    with transaction.atomic():
        kept = _waiting(source).update(
            state=TemplateState.READY,
            commit=commit,
            digest=digest,
            content=content,
            fetched_at=timezone.now(),
            error_code="",
            error="",
            tries=0,
        )
        if kept:
            audit.record(
                actor=None,
                action="scaffolding.template_fetched",
                subject=f"template:{source.scaffold_id}",
                data={"url": source.url, "commit": commit, "digest": digest},
            )


def _refuse_unusable(folder: Path, source: TemplateSource) -> None:
    """Refuse a template that nothing could be made from; of several that it nests, one is enough."""
    problems = [scaffold.problem for scaffold in scaffolds_below(folder, source)]
    if problems and problems[0] and all(problems):
        raise problems[0]


def _checked_out(source: TemplateSource, into: Path) -> str:
    remote = remote_of(source.url)
    is_there = remote.objects is None or remote.objects.is_dir()
    # what was never fetched was never there: a slip of the pen is not a loss
    if not is_there and not source.commit:
        host, _, name = source.url.partition(":")
        raise RepositoryGone(
            f"There is no repository {name} on the code host {host}. Look at how it is written, then register it anew.",
            repository=name,
        )
    return check_out(remote, source.ref, into)


def _postpone(source: TemplateSource, failure: ForgeError) -> None:
    wait = failure.retry_after or 2.0 ** (source.tries + 1)
    if _waiting(source).update(
        tries=source.tries + 1,
        error_code=failure.code,
        error=failure.message,
        not_before=timezone.now() + timedelta(seconds=wait),
    ):
        raise RetryLater(failure.message, retry_after=wait) from failure


def _fail(source: TemplateSource, failure: FlagstoneError) -> None:
    with transaction.atomic():
        if _waiting(source).update(
            state=TemplateState.FAILED, error_code=failure.code, error=failure.message, tries=0
        ):
            audit.record(
                actor=None,
                action="scaffolding.template_failed",
                subject=f"template:{source.scaffold_id}",
                data={"url": source.url, "code": failure.code, "reason": failure.message},
            )


def _waiting(source: TemplateSource) -> QuerySet[TemplateSource]:
    """Hold the row only as it was asked for: somebody may have asked for another ref meanwhile."""
    return TemplateSource.objects.filter(
        pk=source.pk, state=TemplateState.WAITING, ref=source.ref, url=source.url
    )
