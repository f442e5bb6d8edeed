"""The step that renders, and the step that checks what came of it; neither touches a repository."""

from __future__ import annotations

from flagstone.core.jobs import JobLog
from flagstone.forge.models import ChangeRequest, RepositoryRole
from flagstone.forge.selectors import existing_paths
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.engine.plan import RenderedService, render
from flagstone.scaffolding.engine.verdicts import judge, sentence_of
from flagstone.scaffolding.errors import NameTaken, PolicyDenied, TemplateError
from flagstone.scaffolding.keeping import keep_layers
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.pipeline.rows import record
from flagstone.scaffolding.policies import policies
from flagstone.scaffolding.surroundings import described, surroundings_of


def render_files(run: ScaffoldRun, journal: JobLog) -> RenderedService:
    """Render both trees; a run that is taken up again gets the very values that it had before.

    Raises:
        UserError: The scaffold is gone, broken or cannot be rendered with these answers.
    """
    scaffold = find_scaffold(run.scaffold_id)
    surroundings = surroundings_of(run.service_name, gitops=run.gitops_repository)
    rendered = render(
        scaffold,
        run.answers,
        user=described(run.requested_by),
        environment=surroundings.environment(),
        now=run.created_at,
        recorded=run.rendered,
        foretell=surroundings.foretell,
    )
    keep_layers(rendered.layers)
    record(run, scaffold_version=scaffold.version, rendered=rendered.provenance.as_json())
    journal.info(
        f"Rendered {len(rendered.service.files)} files for the service and "
        f"{len(rendered.gitops.files)} for the GitOps repository "
        f"from {scaffold.title}, version {scaffold.version}."
    )
    for line in rendered.log:
        journal.info(line)
    for name in rendered.skipped:
        journal.info(f"Left out the step “{name}”: its condition is false.")
    return rendered


def check_files(run: ScaffoldRun, rendered: RenderedService, journal: JobLog) -> None:
    """Refuse what must not be written: files in the way, unreadable YAML, what an enforced policy denies.

    Raises:
        NameTaken, TemplateError, PolicyDenied: With every place.
        PolicyError: A policy that matches an object cannot be evaluated.
    """
    if rendered.pull_request is None:
        journal.info("No pull request is opened, so there is nothing for the policies to judge.")
        return
    surroundings = surroundings_of(run.service_name, gitops=run.gitops_repository)
    gitops = surroundings.target_of(rendered.pull_request)
    if gitops.role != RepositoryRole.GITOPS:
        journal.info(f"{gitops.full_name} is no GitOps repository: the policies are not for it.")
        return
    # what this very attempt has shipped before its worker was killed is in nobody's way
    is_shipped = ChangeRequest.objects.filter(pk=run.change_id).exists()
    may_replace = run.is_change or is_shipped
    in_the_way = [] if may_replace else sorted(existing_paths(gitops, rendered.gitops.files))
    if in_the_way:
        raise NameTaken(
            f"{gitops.full_name} has {', '.join(in_the_way)} already. "
            "Remove what is there, or choose another name.",
            name=run.service_name,
            paths=in_the_way,
        )
    found = policies()
    verdict = judge(rendered.gitops.contents(), found)
    if verdict.unreadable:
        raise TemplateError(
            "; ".join(verdict.unreadable), file=f"{run.scaffold_id}: what it wrote is not right"
        )
    if verdict.broken:
        raise verdict.broken[0]
    for sentence in (*verdict.not_evaluated, *verdict.warned):
        journal.warning(sentence)
    if verdict.denied:
        raise PolicyDenied(
            "A policy denies what the scaffold wrote. "
            + " ".join(sentence_of(violation) for violation in verdict.denied),
            violations=[
                {"policy": v.policy, "object": v.manifest.ref, "path": v.manifest.path}
                for v in verdict.denied
            ],
        )
    journal.info(
        f"Checked against {len(found.policies)} policies of the cluster: "
        f"{verdict.objects} Kubernetes objects, none denied."
    )
