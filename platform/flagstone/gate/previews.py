"""What a service that does not exist yet would start as: the policies' verdict and its first score.

Asked here because it needs two neighbours of the floor below: what scaffolding renders, and how scorecards judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.forge.selectors import read_tree
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_files
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.schemas.schemas import Schemas
from flagstone.scaffolding.previewing import Preview, preview
from flagstone.scorecards import rulebook
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import ServiceReport
from flagstone.scorecards.engine.states import State
from flagstone.scorecards.selectors import NO_LEVEL, PRODUCTION_READINESS, Level, levels


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """What one policy says about the files; `judged` counts the objects that it looked at."""

    name: str
    title: str
    enforcement: str
    judged: int
    violations: tuple[Violation, ...]
    failures: tuple[str, ...]

    @property
    def state(self) -> State:
        if self.violations:
            return State.FAIL if self.enforcement == "deny" else State.WARN
        if self.failures:
            return State.ERROR
        return State.PASS if self.judged else State.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class Forecast:
    """The files of a service that is to be, and how they would be judged in their repository.

    Attributes:
        preview: The files.
        policies: What each policy says of them.
        report: What the scorecard says of the service, None when it knows none.
        level: It would start on.
        before: What is in the repository now at the paths that would be written.
    """

    preview: Preview
    policies: tuple[PolicyVerdict, ...]
    report: ServiceReport | None
    level: Level
    before: Mapping[str, bytes]

    @property
    def changed(self) -> list[str]:
        """Paths of files that are there already, with another content."""
        written = self.preview.rendered.gitops.contents()
        return [path for path, content in self.before.items() if written[path] != content]

    @property
    def is_refused(self) -> bool:
        """Whether an enforced policy would stop the run."""
        return any(verdict.state is State.FAIL for verdict in self.policies)


def forecast(*, actor: User, scaffold_id: str, answers: Mapping[str, Any]) -> Forecast:
    """Render both trees and judge them beside what the GitOps repository holds now; nothing is written.

    Raises:
        Forbidden, NotFound, TemplateError, AnswersInvalid, Conflict, ForgeError: As `preview` does.
    """
    found = preview(actor=actor, scaffold_id=scaffold_id, answers=answers)
    written = found.rendered.gitops.contents()
    there = read_tree(found.target).files
    around = _without_services(there, written)
    snapshot = read_files({**around, **written}, render=False, whole=True)
    policies, versions = rulebook.current()
    schemas = Schemas.for_objects(snapshot.manifests, rulebook.crds())
    report = None
    for version in versions:
        if version.row.slug == PRODUCTION_READINESS:
            card, now = version.scorecard, timezone.now()
            services = evaluate(snapshot, card, policies, now=now, schemas=schemas).services
            report = next((s for s in services if s.name == found.rendered.service_name), None)
    ladder = {level.name: level for level in levels()}
    return Forecast(
        preview=found,
        policies=_verdicts(policies, snapshot, schemas, set(written)),
        report=report,
        level=ladder.get(report.level or "", NO_LEVEL) if report else NO_LEVEL,
        before={path: there[path] for path in written if path in there},
    )


def _without_services(files: Mapping[str, bytes], written: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what surrounds a service: the folders of others say nothing about it, and are many."""
    folders = {
        path.rpartition("/")[0] + "/" for path in files if path.endswith("/catalog-info.yaml")
    }
    folders = {folder for folder in folders if not any(path.startswith(folder) for path in written)}
    return {
        path: content
        for path, content in files.items()
        if path not in written and not any(path.startswith(folder) for folder in folders)
    }


def _verdicts(
    policies: PolicySet, snapshot: Snapshot, schemas: Schemas, paths: set[str]
) -> tuple[PolicyVerdict, ...]:
    manifests = [manifest for manifest in snapshot.manifests if manifest.path in paths]
    view = ClusterView.of(snapshot.manifests, schemas.definitions)
    reviews = policies.review_all(manifests, view=view)
    violations = [violation for review in reviews for violation in review.violations]
    failures = [failure for review in reviews for failure in review.failures]
    return tuple(
        PolicyVerdict(
            name=policy.name,
            title=policy.title,
            enforcement=policy.constraint.enforcement,
            judged=sum(policy.match.kind_matches(m.group, m.kind) for m in manifests),
            violations=tuple(v for v in violations if v.constraint == policy.constraint.name),
            failures=tuple(str(f) for f in failures if f.policy == policy.name),
        )
        for policy in policies.policies
    )
