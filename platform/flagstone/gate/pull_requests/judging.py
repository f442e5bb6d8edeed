"""Judges an open pull request by the gate's rules: its size, and the policies on the manifests that it changes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from flagstone.delivery.models import Rollback
from flagstone.forge import selectors
from flagstone.forge.errors import Permanent
from flagstone.forge.git.reading import Tree
from flagstone.forge.models import PullRequest, RepositoryRole
from flagstone.gate.actions import policy_reasons
from flagstone.gate.rules import NOTHING_JUDGED, PullRequestSize, size_reasons
from flagstone.gate.verdict import Decision, Reason
from flagstone.scaffolding.models import ScaffoldRun

_MANIFEST = (".yaml", ".yml", ".json")
_ROLLBACK = Reason(
    "pull_request.rollback",
    Decision.GO,
    "A rollback: neither its size nor a policy stops it",
    "Flagstone worked it out, and nobody has added to it.",
    required=False,
)
_SCAFFOLDED = Reason(
    "pull_request.scaffolded",
    Decision.GO,
    "Written by a scaffold: its size does not count",
    "Its files were reviewed before, in their template, and nobody has added to them.",
    required=False,
)


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
    is_gitops = pull_request.repository.role == RepositoryRole.GITOPS
    found = _manifest_reasons(pull_request) if is_gitops else []
    if Rollback.objects.untouched().filter(change_request__pull_request=pull_request).exists():
        return [_ROLLBACK, *map(_told_only, found)]
    return [*(_scaffold_reasons(pull_request) or _size_reasons(pull_request)), *found]


def _scaffold_reasons(pull_request: PullRequest) -> list[Reason]:
    runs = ScaffoldRun.objects.filter(
        change_request__pull_request=pull_request,
        change_request__commit=pull_request.head_commit,
    )
    return [_SCAFFOLDED] if runs.exists() else []


def _told_only(reason: Reason) -> Reason:
    """Return a reason that holds nobody up: what a rollback brings back has run before, and is wanted at once."""
    return replace(
        reason, state=min(reason.state, Decision.SLOW, key=lambda each: each.rank), required=False
    )


def _size_reasons(pull_request: PullRequest) -> list[Reason]:
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
    plain: dict[str, bytes] = {}
    for path, data in manifests.items():
        if _is_chart_template(path, data):
            reasons.append(_template(path))
        else:
            plain[path] = data
    # a pull request that only takes manifests away brings none to judge, and not every YAML file is one
    judged = policy_reasons(plain) if plain else []
    return reasons + [reason for reason in judged if reason.code != NOTHING_JUDGED]


def _is_chart_template(path: str, data: bytes) -> bool:
    return "templates" in path.split("/")[:-1] and b"{{" in data


def _template(path: str) -> Reason:
    title = f"{path} is a chart's template"
    detail = "The policies judge what is rendered of it."
    return Reason("policy.no_data", Decision.GO, title, detail, required=False)


def _skipped(tree: Tree, paths: list[str]) -> list[tuple[str, str]]:
    return [(each.path, each.reason) for each in tree.skipped if each.path in paths]


def _unread(title: str, detail: str) -> Reason:
    return Reason("policy.no_data", Decision.SLOW, title, detail, required=False)
