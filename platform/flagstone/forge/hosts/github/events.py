"""Webhooks of GitHub: `X-Hub-Signature-256` over the body, and the event's name in a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flagstone.forge.hosts.events import (
    UnreadableEvent,
    WebhookEvent,
    delivery_id_of,
    folded,
    hex_signatures,
    require_match,
)
from flagstone.forge.hosts.payloads import (
    at,
    branch,
    commit,
    json_object,
    number,
    objects,
    text,
)

_CHECKS = ("check_run", "check_suite")


def read_event(
    headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[str], now: datetime
) -> WebhookEvent:
    """Prove and read a delivery.

    Args:
        headers: Of the request, in any case.
        raw: Its body as it came.
        secrets: Any of them may have signed it.
        now: Not used: GitHub's signature covers no time.

    Raises:
        BadSignature: None of the secrets signed it.
        UnreadableEvent: It is signed, and nothing that can be read.
    """
    headers = folded(headers)
    good = hex_signatures(secrets, raw, prefix="sha256=")
    require_match(good, headers.get("x-hub-signature-256", ""))
    values = json_object(headers, raw)
    event = text(headers, "x-github-event")
    if not event:
        raise UnreadableEvent("The webhook does not name its event (X-GitHub-Event).")
    repository = text(values, "repository", "full_name")
    return WebhookEvent(
        delivery_id=delivery_id_of(headers.get("x-github-delivery", "")),
        event=event,
        action=text(values, "action"),
        repository=repository,
        former_name=_former_name(values, repository) if event == "repository" else "",
        pull_requests=_pull_requests(event, values),
        commits=_commits(event, values),
        branches=_branches(event, values),
        is_repository_changed=event == "repository",
    )


def _pull_requests(event: str, values: Mapping[str, Any]) -> tuple[int, ...]:
    if event.startswith("pull_request"):
        return number(values, "pull_request", "number")
    if event == "issue_comment" and at(values, "issue", "pull_request") is not None:
        return number(values, "issue", "number")
    if event in _CHECKS:
        # a check of a fork's commit names pull requests of the repository that it was forked from
        ours = at(values, "repository", "id")
        found = {
            number(each, "number")
            for each in objects(values, event, "pull_requests")
            if at(each, "base", "repo", "id") == ours
        }
        return tuple(sorted(one for numbers in found for one in numbers))
    return ()


def _commits(event: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the commits of a push or a check; the jobs of workflows are checks as well, and come as such."""
    if event in _CHECKS:
        return commit(values, event, "head_sha")
    if event == "status":
        return commit(values, "sha")
    return commit(values, "after") if branch(values, "ref") and event == "push" else ()


def _branches(event: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    if event == "push":
        return branch(values, "ref")
    if event in ("create", "delete") and at(values, "ref_type") == "branch":
        name = text(values, "ref")
        return (name,) if name else ()
    return ()


def _former_name(values: Mapping[str, Any], repository: str) -> str:
    owner, _, name = repository.rpartition("/")
    before = at(values, "changes", "owner", "from")
    old_owner = text(before, "organization", "login") or text(before, "user", "login")
    old_name = text(values, "changes", "repository", "name", "from")
    if not repository or not (old_owner or old_name):
        return ""
    return f"{old_owner or owner}/{old_name or name}"
