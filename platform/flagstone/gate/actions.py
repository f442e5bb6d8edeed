"""Asking the gate: may this change go out?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.catalog.models import Entity
from flagstone.core import audit
from flagstone.gate import rules
from flagstone.gate.models import GateDecision
from flagstone.gate.verdict import Reason, decide
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards import rulebook, selectors
from flagstone.scorecards.engine.states import State

HOLDS_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Question:
    """What CI asks: about which service, with which change.

    Attributes:
        entity: The service.
        git_ref: Branch, tag or commit, for the record.
        change: feature, fix, rollback or experiment.
        manifests: Files that the change brings, by path; None if the question is not about any.
        size: Lines of the pull request; None if there is none.
    """

    entity: Entity
    git_ref: str = ""
    change: str = "feature"
    manifests: Mapping[str, bytes] | None = None
    size: rules.PullRequestSize | None = None


def ask(*, actor: User, question: Question) -> GateDecision:
    """Decide by the rules and keep the answer; asking again is safe, each answer stands by itself."""
    require(actor, "gate.ask")
    reasons = [
        *(policy_reasons(question.manifests) if question.manifests is not None else []),
        *rules.check_reasons(_required_checks(question.entity)),
        *rules.size_reasons(question.size),
    ]
    now = timezone.now()
    decision = GateDecision(
        entity=question.entity,
        git_ref=question.git_ref,
        change=question.change,
        decision=decide(reasons).value,
        reasons=[asdict(reason) for reason in reasons],
        asked_by=actor,
        decided_at=now,
        expires_at=now + HOLDS_FOR,
    )
    with transaction.atomic():
        decision.save(force_insert=True)
        audit.record(
            actor=actor,
            action="gate.decided",
            subject=question.entity.ref,
            data={"decision": decision.decision, "id": str(decision.pk), "ref": question.git_ref},
        )
    return decision


def policy_reasons(files: Mapping[str, bytes]) -> list[Reason]:
    """Judge manifests by every policy of the cluster."""
    snapshot = read_files(files)
    reasons = rules.unreadable_reasons(snapshot.problems, snapshot.skipped)
    reasons += rules.workload_reasons(snapshot.manifests)
    policies = rulebook.policies()
    violations: list[Violation] = []
    view = ClusterView.of(snapshot.manifests)
    for review in policies.review_all(snapshot.manifests, view=view):
        violations += review.violations
        reasons += [rules.broken_policy(str(failure)) for failure in review.failures]
    return [*reasons, *rules.policy_reasons(violations, judged=len(snapshot.manifests))]


def _required_checks(entity: Entity) -> list[rules.RequiredCheck]:
    return [
        rules.RequiredCheck(
            check_id=result.check_id,
            name=result.name,
            state=State(result.state),
            summary=result.summary,
        )
        for result in selectors.required_results(entity)
    ]
