"""Judges an open pull request by the gate's rules: its size, and the policies on the manifests that it changes."""

from __future__ import annotations

import hashlib
import json

from flagstone.delivery.models import Rollback
from flagstone.forge import selectors
from flagstone.forge.errors import Permanent
from flagstone.forge.git.reading import Tree
from flagstone.forge.models import PullRequest, RepositoryRole
from flagstone.gate.actions import policy_reasons
from flagstone.gate.rules import PullRequestSize, size_reasons
from flagstone.gate.verdict import Decision, Reason

_MANIFEST = (".yaml", ".yml", ".json")


def asked_of(pull_request: PullRequest) -> str:
    """Return what the verdict depends on, so that the same is judged and told once."""
    asked = {
        "head": pull_request.head_commit,
        "size": pull_request.size,
        "labels": sorted(pull_request.labels),
        "approved": pull_request.approved_at is not None,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def judge(pull_request: PullRequest) -> list[Reason]:
    """Return why it may go on, should slow down, or stops.

    Raises:
        Retryable: The repository cannot be read now.
    """
    reasons = _size_reasons(pull_request)
    if pull_request.repository.role == RepositoryRole.GITOPS:
        reasons += _manifest_reasons(pull_request)
    return reasons


def _size_reasons(pull_request: PullRequest) -> list[Reason]:
    if Rollback.objects.untouched().filter(change_request__pull_request=pull_request).exists():
        return [
            Reason(
                "pull_request.rollback",
                Decision.GO,
                "A rollback: its size does not count",
                "Flagstone worked it out, and nobody has added to it.",
            )
        ]
    if pull_request.size is None:
        return [
            Reason(
                "pull_request.no_data",
                Decision.SLOW,
                "The size is not known",
                "Its files could not be counted; they are counted again when it changes.",
                required=False,
            )
        ]
    size = PullRequestSize(
        additions=pull_request.size,
        deletions=0,
        labels=frozenset(pull_request.labels),
        approved=pull_request.approved_at is not None,
    )
    return size_reasons(size)


def _manifest_reasons(pull_request: PullRequest) -> list[Reason]:
    try:
        found = selectors.read_changed_files(pull_request)
    except Permanent as error:
        return [_unread("The changed files cannot be read", error.message)]
    paths = [size.path for size in found.sizes if size.path.lower().endswith(_MANIFEST)]
    manifests = {path: found.tree.files[path] for path in paths if path in found.tree.files}
    reasons = [_unread(f"{path} was not read", why) for path, why in _skipped(found.tree, paths)]
    # a pull request that only takes manifests away brings none to judge
    return reasons + (policy_reasons(manifests) if manifests else [])


def _skipped(tree: Tree, paths: list[str]) -> list[tuple[str, str]]:
    return [(each.path, each.reason) for each in tree.skipped if each.path in paths]


def _unread(title: str, detail: str) -> Reason:
    return Reason("policy.no_data", Decision.SLOW, title, detail, required=False)
