"""What is wrong with the files that a scaffold wrote, before they are written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_files
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.manifests.workloads import template_problem

_DENY = "deny"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How rendered manifests stand.

    Attributes:
        objects: How many were judged.
        unreadable: What could not be read or judged, each with its place; nothing is known of it.
        denied: What an enforced policy is violated by.
        warned: What another policy is violated by, in words.
        not_evaluated: Policies that Flagstone cannot evaluate on an object, in words.
        broken: Policies that are broken: one that says nothing has not said yes.
    """

    objects: int
    unreadable: tuple[str, ...]
    denied: tuple[Violation, ...]
    warned: tuple[str, ...]
    not_evaluated: tuple[str, ...]
    broken: tuple[PolicyError, ...]

    @property
    def may_be_written(self) -> bool:
        return not (self.unreadable or self.denied or self.broken)


def judge(files: Mapping[str, bytes], policies: PolicySet) -> Verdict:
    """Read the files as they are, without rendering charts or overlays, and put each object to the policies."""
    snapshot = read_files(files, render=False)
    view = ClusterView.of(snapshot.manifests)
    found = policies.review_all(snapshot.manifests, view=view)
    reviews = list(zip(snapshot.manifests, found, strict=True))
    violations = [violation for _, review in reviews for violation in review.violations]
    failures = [(manifest, failure) for manifest, r in reviews for failure in r.failures]
    return Verdict(
        objects=len(snapshot.manifests),
        unreadable=tuple(_unreadable(snapshot)),
        denied=tuple(v for v in violations if v.enforcement == _DENY),
        warned=tuple(sentence_of(v) for v in violations if v.enforcement != _DENY),
        not_evaluated=tuple(
            f"{manifest.path}: {failure.message}"
            for manifest, failure in failures
            if isinstance(failure, NotEvaluated)
        ),
        broken=tuple(failure for _, failure in failures if not isinstance(failure, NotEvaluated)),
    )


def sentence_of(violation: Violation) -> str:
    message = violation.message.rstrip(".")
    return f"{violation.manifest.path}: {violation.manifest.ref}: {message} ({violation.policy})."


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
    for manifest in snapshot.manifests:
        if problem_of_pods := template_problem(manifest):
            yield f"{manifest.path}: {problem_of_pods}"
