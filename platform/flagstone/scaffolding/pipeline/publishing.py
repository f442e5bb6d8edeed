"""The steps that write: the service's repository, and the pull request in the GitOps repository."""

from __future__ import annotations

from django.conf import settings

from flagstone.core import jobs
from flagstone.core.errors import Conflict
from flagstone.core.jobs import JobLog
from flagstone.forge import pipeline as forge
from flagstone.forge.models import ChangeRequest, PullRequest
from flagstone.scaffolding.changes import as_change
from flagstone.scaffolding.engine.plan import RenderedService
from flagstone.scaffolding.engine.plans import PullRequestPlan, RegistrationPlan
from flagstone.scaffolding.engine.targets import SERVICE
from flagstone.scaffolding.engine.trees import RenderedTree
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.pipeline.rows import keep_output, record
from flagstone.scaffolding.surroundings import surroundings_of


def make_repository(run: ScaffoldRun, rendered: RenderedService) -> None:
    """Make the service's own repository, unless this run has made it before.

    Raises:
        RepositoryExists: Somebody made one of that name in the meantime.
    """
    plan = rendered.repository
    if plan is None:
        jobs.skip(run.job, "repository", "This scaffold makes no repository of its own.")
        return
    surroundings = surroundings_of(run.service_name, gitops=run.gitops_repository)
    host, full_name = surroundings.home_of(plan)
    with jobs.step(run.job, "repository") as journal:
        repository = forge.provision_repository(
            requested_by=run.requested_by,
            host=host,
            full_name=full_name,
            description=plan.description,
            files=as_change(rendered.service),
            source=run.source,
        )
        record(run, repository=repository)
        keep_output(
            run,
            plan.step_id,
            **surroundings.foretell(plan),
            commitHash=repository.head_commit,
        )
        journal.info(f"Made {repository.full_name} with {len(rendered.service.files)} files.")


def tell_registration(run: ScaffoldRun, plan: RegistrationPlan) -> None:
    """Keep which file the catalogue is to read, and what it calls the service."""
    repository = run.repository if plan.tree == SERVICE else run.gitops_repository
    keep_output(
        run,
        plan.step_id,
        catalogInfoPath=plan.path,
        catalogInfoUrl=f"{settings.FLAGSTONE_URL}/files/{repository}/{plan.path}"
        if repository
        else "",
        entityRef=plan.entity_ref or run.service_ref,
        tree=plan.tree,
    )


def open_pull_request(
    run: ScaffoldRun, plan: PullRequestPlan, files: RenderedTree, journal: JobLog
) -> PullRequest | None:
    """Push a branch and open the pull request; however often this is done, there is one of each.

    Returns:
        The pull request; None where a change finds everything as it wants it.

    Raises:
        ForgeError: Not now, or not at all.
        Conflict: There is nothing to change, or somebody has to look first.
    """
    change = ChangeRequest.objects.filter(pk=run.change_id).first() or forge.record_change(
        requested_by=run.requested_by,
        repository=surroundings_of(run.service_name, gitops=run.gitops_repository).target_of(plan),
        title=plan.title,
        body=_body(run, plan),
        files=as_change(files),
        source=run.source,
        change_id=run.change_id,
        labels=("scaffold",),
    )
    record(run, change_request=change)
    pull_request = forge.ship(change.pk)
    if pull_request is None and run.is_change:
        journal.info(
            f"{change.repository.full_name} is as this scaffold wants it already: there is nothing to change."
        )
        return None
    if pull_request is None:
        raise Conflict(
            f"{change.repository.full_name} is as the scaffold wants it already, so there is "
            "nothing to open a pull request for.",
            code="scaffold.nothing_to_change",
        )
    keep_output(
        run,
        plan.step_id,
        **dict.fromkeys(
            ("remoteUrl", "pullRequestUrl", "mergeRequestUrl"),
            f"{settings.FLAGSTONE_URL}/pulls/{pull_request.pk}",
        ),
        targetBranchName=change.target_branch,
        pullRequestNumber=pull_request.number,
    )
    journal.info(
        f"Opened pull request #{pull_request.number} of {change.repository.full_name} "
        f"from {change.branch}."
    )
    return pull_request


def _body(run: ScaffoldRun, plan: PullRequestPlan) -> str:
    made = (
        f"Made from the scaffold {run.scaffold_title} ({run.scaffold_id} {run.scaffold_version}) "
        f"for {run.requested_by.display_name}: <{settings.FLAGSTONE_URL}/runs/{run.pk}>"
    )
    return f"{plan.body}\n\n{made}" if plan.body else made
