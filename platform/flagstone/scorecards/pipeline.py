"""Looking at a repository: read its default branch, judge every service, store what changed.

Safe to run twice and at the same time: an older look never overwrites what a newer one stored. What the
repository was like before the first look is filled in from its history.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from flagstone.core.errors import FlagstoneError
from flagstone.core.jobs import explain
from flagstone.forge.models import Repository
from flagstone.forge.selectors import commits_on, read_tree
from flagstone.policies.manifests.reading import read_files
from flagstone.policies.schemas.schemas import Schemas
from flagstone.scorecards import past, rulebook, storing
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.last_good import with_last_good
from flagstone.scorecards.measuring import measurements
from flagstone.scorecards.models import Evaluation, EvaluationState

# a task may run this long before it is stopped, so a look that takes longer has no worker any more
DEAD_AFTER = timedelta(minutes=6)
LOST_AFTER = timedelta(seconds=20)

logger = logging.getLogger(__name__)


def evaluate_repository(repository_id: int) -> None:
    """Take up the evaluation that waits for this repository, if one does."""
    evaluation = _claim(repository_id)
    if evaluation is None:
        return
    try:
        _look(evaluation)
    except FlagstoneError as error:
        _end(evaluation, EvaluationState.FAILED, error=explain(error))
        logger.warning("evaluation of %s failed: %s", evaluation.repository, error)
    except BaseException as error:
        _end(evaluation, EvaluationState.FAILED, error=explain(error))
        raise


def evaluate_all() -> None:
    """Look at every GitOps repository, and at its past where a message to do so was lost."""
    for repository in Repository.objects.gitops():
        Evaluation.objects.bulk_create(
            [Evaluation(repository=repository, reason="the regular look")], ignore_conflicts=True
        )
        evaluate_repository(repository.pk)
        if past.names_without(repository.pk, timezone.now().date() - past.WEEK):
            _backfill_if_possible(repository)


def backfill(repository_id: int, weeks: int = 6, today: date | None = None) -> int:
    """Write where services stood at the end of each past week, as Git has it, and return how many rows.

    Past weeks are judged by today's rules: the files, the dates in them, the exemptions and what was measured by
    then are those of the week, checks and weights are today's. Otherwise a new check would look like a week in
    which everybody fell.

    Only snapshots of days before a service's first one are written, never results, changes or scores. A commit
    at which the branch stood for several weeks is judged once, as of the latest of them.

    Args:
        repository_id: A GitOps repository.
        weeks: How far back.
        today: Weeks are counted back from here.

    Raises:
        HistoryMissing: The repository is a shallow copy.
        ForgeError: It cannot be read now.
    """
    repository = Repository.objects.select_related("host").get(pk=repository_id)
    today = today or timezone.now().date()
    written = 0
    for commit, days in past.days_by_commit(commits_on(repository, past.week_ends(today, weeks))):
        if names := past.names_without(repository_id, days[-1]):
            written += _look_back(repository, commit, days, names, today)
    return written


def _look_back(
    repository: Repository, commit: str, days: list[date], names: set[str], today: date
) -> int:
    files = read_tree(repository, ref=commit).files
    if not past.mentions(files, names):
        return 0
    snapshot, then = read_files(files, whole=True), past.end_of(days[0])
    schemas = Schemas.for_objects(snapshot.manifests, rulebook.crds())
    policies, versions = rulebook.current()
    written = 0
    for version in versions:
        report = evaluate(
            snapshot,
            past.by_todays_rules(version.scorecard, today),
            policies,
            now=then,
            exemptions=storing.exemptions_in_force(then),
            schemas=schemas,
            measured=measurements(repository.pk, then),
        )
        written += past.fill_in(report, version=version.row, days=days)
    return written


def _backfill_if_possible(repository: Repository) -> None:
    try:
        backfill(repository.pk)
    except FlagstoneError as error:
        logger.warning("the past of %s could not be read: %s", repository, error)


def sweep_evaluations(now: datetime) -> None:
    """Take up what no message told of, and ask again for what a killed worker left half done."""
    dead = Evaluation.objects.filter(state=EvaluationState.RUNNING, started_at__lt=now - DEAD_AFTER)
    for evaluation in dead.select_related("repository"):
        _end(
            evaluation,
            EvaluationState.FAILED,
            error="Its worker was stopped; it was asked for again.",
        )
        Evaluation.objects.bulk_create(
            [Evaluation(repository=evaluation.repository, reason="its worker was stopped")],
            ignore_conflicts=True,
        )
    waiting = Evaluation.objects.filter(
        state=EvaluationState.QUEUED, requested_at__lt=now - LOST_AFTER
    )
    for repository_id in list(waiting.values_list("repository_id", flat=True)):
        evaluate_repository(repository_id)


def _claim(repository_id: int) -> Evaluation | None:
    waiting = Evaluation.objects.filter(
        repository_id=repository_id, state=EvaluationState.QUEUED
    ).first()
    if waiting is None:
        return None
    taken = Evaluation.objects.filter(pk=waiting.pk, state=EvaluationState.QUEUED).update(
        state=EvaluationState.RUNNING, started_at=timezone.now()
    )
    return Evaluation.objects.select_related("repository").get(pk=waiting.pk) if taken else None


def _look(evaluation: Evaluation) -> None:
    now = timezone.now()
    tree = read_tree(evaluation.repository)
    files = with_last_good(tree.files, evaluation.repository)
    snapshot = read_files(files, whole=True)
    schemas = Schemas.for_objects(snapshot.manifests, rulebook.crds())
    policies, versions = rulebook.current()
    for version in versions:
        report = evaluate(
            snapshot,
            version.scorecard,
            policies,
            now=now,
            exemptions=storing.exemptions_in_force(now),
            last_levels=storing.levels_now(version.row.slug),
            schemas=schemas,
            measured=measurements(evaluation.repository_id, now),
        )
        with transaction.atomic():
            if _is_outdated(evaluation):
                break
            services = storing.store(
                report,
                version=version.row,
                repository=evaluation.repository,
                commit=tree.commit,
                now=now,
            )
            evaluation.services = services
    evaluation.commit = tree.commit
    _end(evaluation, EvaluationState.DONE)


def _is_outdated(evaluation: Evaluation) -> bool:
    """Tell whether a later look has stored already; holds the repository until the transaction ends."""
    Repository.objects.select_for_update().get(pk=evaluation.repository_id)
    return Evaluation.objects.filter(
        repository_id=evaluation.repository_id, pk__gt=evaluation.pk, state=EvaluationState.DONE
    ).exists()


def _end(evaluation: Evaluation, state: EvaluationState, *, error: str = "") -> None:
    evaluation.state, evaluation.finished_at, evaluation.error = state, timezone.now(), error
    evaluation.save(update_fields=("state", "finished_at", "error", "commit", "services"))
