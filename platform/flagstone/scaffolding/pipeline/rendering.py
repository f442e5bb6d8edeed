"""The step that renders, and the step that checks what came of it; neither touches a repository."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.core.jobs import JobLog
from flagstone.forge.models import ChangeRequest
from flagstone.forge.selectors import existing_paths
from flagstone.policies.gatekeeper.errors import NotEvaluated
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.manifests.reading import read_files
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.engine.plan import RenderedService, render
from flagstone.scaffolding.errors import NameTaken, PolicyDenied, TemplateError
from flagstone.scaffolding.keeping import keep_layers
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.pipeline.rows import record
from flagstone.scaffolding.policies import policies
from flagstone.scaffolding.surroundings import described, surroundings_of

DENY = "deny"


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
    )
    keep_layers(scaffold.layers.values())
    record(run, scaffold_version=scaffold.version, rendered=rendered.provenance.as_json())
    journal.info(
        f"Rendered {len(rendered.service.files)} files for the service and "
        f"{len(rendered.gitops.files)} for the GitOps repository "
        f"from {scaffold.title}, version {scaffold.version}."
    )
    for name in rendered.skipped:
        journal.info(f"Left out the step “{name}”: its condition is false.")
    return rendered


def check_files(run: ScaffoldRun, rendered: RenderedService, journal: JobLog) -> None:
    """Refuse what must not be written: files in the way, unreadable YAML, what an enforced policy denies.

    Raises:
        NameTaken, TemplateError, PolicyDenied: With every place.
        PolicyError: A policy that matches an object cannot be evaluated.
    """
    gitops = surroundings_of(run.service_name, gitops=run.gitops_repository).gitops
    # what this very attempt has shipped before its worker was killed is in nobody's way
    is_shipped = ChangeRequest.objects.filter(pk=run.change_id).exists()
    in_the_way = [] if is_shipped else sorted(existing_paths(gitops, rendered.gitops.files))
    if in_the_way:
        raise NameTaken(
            f"{gitops.full_name} has {', '.join(in_the_way)} already. "
            "Remove what is there, or choose another name.",
            name=run.service_name,
            paths=in_the_way,
        )
    snapshot = read_files(rendered.gitops.contents(), render=False)
    if faults := list(_unreadable(snapshot)):
        raise TemplateError(
            "; ".join(faults), file=f"{run.scaffold_id}: what it wrote is not right"
        )
    _put_to_policies(snapshot, journal)


def _unreadable(snapshot: Snapshot) -> Iterator[str]:
    """Say what is wrong with the files themselves; the templates of a chart are not YAML before Helm was there."""
    charts = [f"{place.folder}/" if place.folder else "" for place in snapshot.unrendered]
    told = set()
    for problem in snapshot.problems:
        told.add(problem.path)
        yield f"{problem.path}{f', line {problem.line}' if problem.line else ''}: {problem.message}"
    for skipped in snapshot.skipped:
        in_chart = any(skipped.path.startswith(chart) for chart in charts)
        if skipped.path not in told and skipped.path.endswith((".yaml", ".yml")) and not in_chart:
            yield f"{skipped.path}: {skipped.reason}"


def _put_to_policies(snapshot: Snapshot, journal: JobLog) -> None:
    found = policies()
    denied: list[Violation] = []
    for manifest in snapshot.manifests:
        review = found.review(manifest)
        for failure in review.failures:
            if not isinstance(failure, NotEvaluated):
                raise failure  # a policy that is broken says nothing, and nothing is not a yes
            journal.warning(f"{manifest.path}: {failure.message}")
        for violation in review.violations:
            if violation.enforcement == DENY:
                denied.append(violation)
            else:
                journal.warning(_sentence(violation))
    if denied:
        raise PolicyDenied(
            "A policy denies what the scaffold wrote. " + " ".join(_sentence(v) for v in denied),
            violations=[
                {"policy": v.policy, "object": v.manifest.ref, "path": v.manifest.path}
                for v in denied
            ],
        )
    journal.info(
        f"Checked against {len(found.policies)} policies of the cluster: "
        f"{len(snapshot.manifests)} Kubernetes objects, none denied."
    )


def _sentence(violation: Violation) -> str:
    message = violation.message.rstrip(".")
    return f"{violation.manifest.path}: {violation.manifest.ref}: {message} ({violation.policy})."
