"""What people can do with scaffolds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may, require
from flagstone.core import audit, jobs
from flagstone.core.errors import Conflict, Forbidden, UserError
from flagstone.core.models import JobStep, StepState
from flagstone.scaffolding import tasks
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.engine.answers import validate
from flagstone.scaffolding.engine.scaffold import Scaffold
from flagstone.scaffolding.errors import NameTaken
from flagstone.scaffolding.models import RunState, ScaffoldRun
from flagstone.scaffolding.naming import (
    name_taken,
    require_free_name,
    running_holder,
    service_ref,
)
from flagstone.scaffolding.picking import require_known_entities
from flagstone.scaffolding.surroundings import surroundings_of

JOB_KIND = "scaffolding.run"
LONGEST_KEY = 100
STEPS = (
    ("render", "Render the files"),
    ("check", "Check them against the policies"),
    ("repository", "Make the service's repository"),
    ("pull_request", "Open the pull request"),
    ("merge", "Wait for the merge"),
    ("catalogue", "Take it into the catalogue"),
)


def request_run(
    *,
    actor: User,
    scaffold_id: str,
    answers: Mapping[str, Any],
    idempotency_key: str = "",
) -> ScaffoldRun:
    """Have a worker make a service.

    Args:
        actor: Who asks; the author of the commits.
        scaffold_id: Which scaffold.
        answers: By the names of its questions.
        idempotency_key: The caller's own: asking again with it gives the run that is there.

    Raises:
        Forbidden: The person may not create services.
        NotFound, TemplateError: There is no such scaffold, or it is broken.
        AnswersInvalid: With every fault of every question.
        NameTaken: Naming who or what holds the name.
        Conflict: The key was used for another request, or there is no GitOps repository.
        ForgeError: The GitOps repository cannot be read.
    """
    require(actor, "scaffolding.create")
    if len(idempotency_key) > LONGEST_KEY:
        raise UserError(
            f"The idempotency key has {len(idempotency_key)} characters; {LONGEST_KEY} are the most.",
            code="scaffold.idempotency_key_too_long",
        )
    scaffold = find_scaffold(scaffold_id)
    # a secret was needed to come here, and is not kept
    answers = scaffold.form.without_secrets(validate(scaffold.form, answers, secrets_needed=False))
    if idempotency_key and (earlier := _earlier(actor, idempotency_key)):
        return _same_request(earlier, scaffold, answers)
    require_known_entities(scaffold.form, answers)
    name = scaffold.form.service_name(answers)
    surroundings = surroundings_of(name, repository=scaffold.repository(answers))
    if not scaffold.is_change:
        require_free_name(name, surroundings, makes_repository=scaffold.makes_repository)
    run = ScaffoldRun(
        scaffold_id=scaffold.id,
        scaffold_title=scaffold.title[:200],
        scaffold_version=scaffold.version,
        answers=answers,
        service_name=name,
        service_ref=service_ref(name),
        is_change=scaffold.is_change,
        requested_by=actor,
        idempotency_key=idempotency_key,
        gitops_repository=surroundings.gitops,
    )
    try:
        return _record(run)
    except IntegrityError:
        # somebody was faster between our look and our write; the database decided
        if idempotency_key and (earlier := _earlier(actor, idempotency_key)):
            return _same_request(earlier, scaffold, answers)
        raise _just_taken(name) from None


@transaction.atomic
def cancel_run(*, actor: User, run: ScaffoldRun) -> ScaffoldRun:
    """Stop a run and take back what it made.

    Raises:
        Forbidden: It is somebody else's, and the person is not of the platform team.
        Conflict: It is over.
    """
    _require_own(actor, run)
    live = ScaffoldRun.objects.live().filter(pk=run.pk)
    if not live.filter(ending="").update(ending=RunState.CANCELLED, not_before=timezone.now()):
        run.refresh_from_db()
        raise Conflict(
            f"The run for {run.service_name} is {run.get_state_display().lower()}"
            f"{' and being stopped' if run.ending else ''}; there is nothing to cancel.",
            code="scaffold.run_over",
        )
    _audit(actor, "run_cancelled", run)
    tasks.execute_run.delay_on_commit(str(run.pk))
    run.refresh_from_db()
    return run


def resume_run(*, actor: User, run: ScaffoldRun) -> ScaffoldRun:
    """Try a run again that failed, was closed or was cancelled.

    Raises:
        Forbidden: It is somebody else's, and the person is not of the platform team.
        Conflict: It is under way, or merged.
        NameTaken: Somebody took the name in the meantime.
    """
    _require_own(actor, run)
    if not run.can_resume:
        raise Conflict(
            f"The run for {run.service_name} is {run.get_state_display().lower()}; "
            "there is nothing to resume.",
            code="scaffold.run_not_stopped",
        )
    now = timezone.now()
    try:
        with transaction.atomic():
            row = ScaffoldRun.objects.select_for_update().get(pk=run.pk)
            if row.state == run.state:  # of two who click at once, the second finds it done
                row.state, row.ending = RunState.QUEUED, ""
                row.attempt, row.tries = row.attempt + 1, 0
                row.change_request, row.rendered, row.outputs = None, {}, {}
                row.undone, row.error, row.error_code = [], "", ""
                row.not_before = row.touched_at = now
                row.finished_at = None
                row.save()
                JobStep.objects.filter(job_id=row.job_id).update(
                    state=StepState.WAITING, started_at=None, finished_at=None, error=""
                )
                jobs.start(row.job)
                _audit(actor, "run_resumed", row)
                tasks.execute_run.delay_on_commit(str(row.pk))
    except IntegrityError:
        raise _just_taken(run.service_name) from None
    run.refresh_from_db()
    return run


@transaction.atomic
def _record(run: ScaffoldRun) -> ScaffoldRun:
    run.job = jobs.create(
        kind=JOB_KIND,
        title=f"{'Change' if run.is_change else 'Create'} {run.service_name}",
        steps=STEPS,
        requested_by=run.requested_by,
    )
    run.save(force_insert=True)
    audit.record(
        actor=run.requested_by,
        action="scaffolding.run_requested",
        subject=run.service_ref,
        data={
            "run": str(run.pk),
            "scaffold": run.scaffold_id,
            "version": run.scaffold_version,
            "answers": run.answers,
        },
    )
    tasks.execute_run.delay_on_commit(str(run.pk))
    return run


def _earlier(actor: User, idempotency_key: str) -> ScaffoldRun | None:
    return ScaffoldRun.objects.filter(requested_by=actor, idempotency_key=idempotency_key).first()


def _same_request(
    earlier: ScaffoldRun, scaffold: Scaffold, answers: Mapping[str, Any]
) -> ScaffoldRun:
    if earlier.scaffold_id == scaffold.id and earlier.answers == answers:
        return earlier
    raise Conflict(
        f"The idempotency key was used for another request, the run for {earlier.service_name}. "
        "Send a new key with a new request.",
        code="scaffold.idempotency_key_reused",
        run=str(earlier.pk),
    )


def _just_taken(name: str) -> NameTaken:
    return name_taken(name, running_holder(name) or "somebody took it just now")


def _require_own(actor: User, run: ScaffoldRun) -> None:
    require(actor, "scaffolding.create")
    if run.requested_by_id != actor.pk and not may(actor, "scaffolding.cancel_any"):
        raise Forbidden(
            f"This run is {run.requested_by.display_name}'s. Ask them, or the platform team.",
            right="scaffolding.cancel_any",
        )


def _audit(actor: User, done: str, run: ScaffoldRun) -> None:
    audit.record(
        actor=actor,
        action=f"scaffolding.{done}",
        subject=run.service_ref,
        data={"run": str(run.pk)},
    )
