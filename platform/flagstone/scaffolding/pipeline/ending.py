"""How a run ends: with everything taken back that it made, or merged and in the catalogue."""

from __future__ import annotations

import fnmatch
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from flagstone.catalog.actions import register_location
from flagstone.catalog.errors import LocationTaken
from flagstone.catalog.models import Entity, Location
from flagstone.core import audit, jobs
from flagstone.core.errors import FlagstoneError
from flagstone.core.jobs import JobLog
from flagstone.core.models import JobStep, StepState
from flagstone.core.tasks import RetryLater
from flagstone.forge import pipeline as forge
from flagstone.forge.errors import ForgeError
from flagstone.forge.models import ChangeRequest, ChangeState, Repository
from flagstone.scaffolding.engine.targets import SERVICE
from flagstone.scaffolding.models import MADE, Provenance, RunState, ScaffoldRun
from flagstone.scaffolding.pipeline.rows import record

# how long the catalogue may take to read what was merged, before people are told to look
CATALOGUE_PATIENCE = timedelta(minutes=10)


class NotInCatalogue(FlagstoneError):
    """The merge is done, but the catalogue does not have the service."""

    default_code = "scaffold.not_in_catalogue"


def stop(run: ScaffoldRun, ending: RunState, *, code: str = "", reason: str = "") -> None:
    """Take back what the run made, free its name, and end it.

    The intent is stored first, so that a worker that is killed here is followed by one that goes on with
    taking back, and not with making. A pull request that was merged in the meantime wins.

    Args:
        run: A live one.
        ending: Failed, closed or cancelled.
        code: Of the failure.
        reason: Why, for people.

    Raises:
        RetryLater: The code host was not ready; calling it again goes on.
    """
    record(run, ending=ending, error_code=code or run.error_code, error=reason or run.error)
    undone = _take_back_change(run)
    if _is_merged(run):
        record(run, ending="", error_code="", error="")
        finish(run)
        return
    undone += _take_back_repository(run)
    journal = JobLog(run.job)
    for text in undone:
        journal.info(f"Taken back: {text}.")
    with transaction.atomic():
        record(
            run,
            state=ending,
            ending="",
            undone=[*run.undone, *undone],
            finished_at=timezone.now(),
        )
        audit.record(
            actor=None,
            action=f"scaffolding.run_{ending.value}",
            subject=run.service_ref,
            data={"run": str(run.pk), "reason": run.error, "undone": run.undone},
        )
    _end_job(run, ending)


def finish(run: ScaffoldRun) -> None:
    """Record that all is made, what the service was made from, and that the catalogue has it where it is registered."""
    if run.state not in MADE:
        _record_end(run)
    if not run.registration:
        jobs.skip(run.job, "catalogue", "This scaffold registers nothing.")
        jobs.succeed(run.job)
        return
    if Entity.objects.alive().by_name(run.entity_ref).exists():
        with jobs.step(run.job, "catalogue") as journal:
            journal.info(f"The catalogue has {run.entity_ref}.")
        jobs.succeed(run.job)
        return
    journal = jobs.begin(run.job, "catalogue")
    _require_location(run, journal)
    record(run)
    if run.finished_at and timezone.now() - run.finished_at > CATALOGUE_PATIENCE:
        _give_up_on_catalogue(run)


def _record_end(run: ScaffoldRun) -> None:
    changes = ChangeRequest.objects.exclude(state=ChangeState.NO_CHANGE)
    if not changes.filter(pk=run.change_id).exists():
        _record_done(run)
        return
    change = ChangeRequest.objects.select_related("pull_request__repository").get(pk=run.change_id)
    pull_request = change.pull_request
    with jobs.step(run.job, "merge") as journal, transaction.atomic():
        record(run, state=RunState.MERGED, change_request=change, finished_at=timezone.now())
        # what it changed was made by another run
        if not run.is_change:
            _record_provenance(run, pull_request.merge_commit if pull_request else "")
        audit.record(
            actor=None,
            action="scaffolding.run_merged",
            subject=run.service_ref,
            data={"run": str(run.pk), "pull_request": str(pull_request)},
        )
        name = "" if run.is_change else f"; the name is {run.service_name}'s for good"
        journal.info(f"{pull_request} is merged{name}.")


def _record_done(run: ScaffoldRun) -> None:
    with transaction.atomic():
        record(run, state=RunState.DONE, finished_at=timezone.now())
        if run.repository is not None:
            _record_provenance(run, "")
        audit.record(
            actor=None,
            action="scaffolding.run_done",
            subject=run.service_ref,
            data={"run": str(run.pk), "repository": str(run.repository or "")},
        )


def _record_provenance(run: ScaffoldRun, merge_commit: str) -> None:
    Provenance.objects.update_or_create(
        entity_ref=run.service_ref,
        defaults={
            "run": run,
            "scaffold_id": run.scaffold_id,
            "scaffold_version": run.scaffold_version,
            "answers": run.rendered["answers"],
            "layers": run.rendered["layers"],
            "edits": run.rendered.get("edits", []),
            "occasion": run.rendered.get("occasion"),
            "repository": run.repository,
            "merge_commit": merge_commit,
        },
    )


def _require_location(run: ScaffoldRun, journal: JobLog) -> None:
    """Have the catalogue read the service's file, unless a location covers it already."""
    said = run.registration
    path = said.get("catalogInfoPath", "")
    repository = run.repository if said.get("tree") == SERVICE else run.gitops_repository
    if not path or repository is None:
        return
    patterns = Location.objects.filter(repository=repository).values_list("path", flat=True)
    if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns):
        return
    try:
        register_location(actor=None, path=path, repository=repository)
    except LocationTaken:
        return
    journal.info(f"Registered {path} of {repository.full_name} with the catalogue.")


def _give_up_on_catalogue(run: ScaffoldRun) -> None:
    failure = NotInCatalogue(
        f"All is made, but the catalogue has no {run.entity_ref}. Look at what its "
        "locations say about the catalogue file, and refresh them."
    )
    try:
        with jobs.step(run.job, "catalogue"):
            raise failure
    except NotInCatalogue:
        jobs.fail(run.job, failure)


def _take_back_change(run: ScaffoldRun) -> list[str]:
    try:
        return forge.withdraw_change(run.change_id)
    except ForgeError as error:
        _retry_if_worth_it(error)
        return [
            f"not the pull request, which has to be closed by hand: {error.message.rstrip('.')}"
        ]


def _take_back_repository(run: ScaffoldRun) -> list[str]:
    # by its source: the worker may have been killed before it wrote the repository down with the run
    repository = Repository.objects.select_related("host").filter(source=run.source).first()
    if repository is None:
        return []
    first_commit = next(
        (out["commitHash"] for out in run.outputs.values() if "commitHash" in out),
        repository.head_commit,
    )
    name = repository.full_name
    try:
        outcome = forge.withdraw_repository(repository, first_commit=first_commit)
    except ForgeError as error:
        _retry_if_worth_it(error)
        return [f"not the repository {name}: {error.message.rstrip('.')}"]
    if outcome is forge.Withdrawal.STAYS:
        return [f"not the repository {name}, because somebody has worked in it"]
    run.repository = None
    if outcome is forge.Withdrawal.WAS_GONE:
        return [f"nothing of the repository {name}, which was gone already"]
    return [f"removed the repository {name}, which was as it was made"]


def _retry_if_worth_it(error: ForgeError) -> None:
    """Leave the rest of the taking back to the next try; the intent to end is stored."""
    if error.retryable:
        raise RetryLater(error.message, retry_after=error.retry_after or 5.0) from error


def _is_merged(run: ScaffoldRun) -> bool:
    return ChangeRequest.objects.filter(pk=run.change_id, state=ChangeState.MERGED).exists()


def _end_job(run: ScaffoldRun, ending: RunState) -> None:
    begun = JobStep.objects.filter(job_id=run.job_id, state=StepState.RUNNING)
    for key in begun.values_list("key", flat=True):
        jobs.skip(run.job, key, run.error or "The run was cancelled.")
    if ending == RunState.CANCELLED:
        jobs.cancel(run.job)
    else:
        jobs.fail(run.job, FlagstoneError(run.error, code=run.error_code or None))
