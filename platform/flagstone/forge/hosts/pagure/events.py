"""Webhooks of Pagure: a bare hexadecimal signature; what the headers say besides is not signed and not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flagstone.forge.git.remotes import HEADS
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
    commit,
    form_payload,
    is_form,
    json_object,
    number,
    text,
)

_BRANCH_EVENTS = frozenset({"git.receive", "git.branch.creation", "git.branch.deletion"})
_CHANGES_OF_PROJECTS = frozenset({"project.edit", "project.deleted"})


def read_event(
    headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[str], now: datetime
) -> WebhookEvent:
    """Prove and read a delivery.

    Args:
        headers: Of the request, in any case.
        raw: Its body as it came.
        secrets: Any of them may have signed it; at Pagure each project has its own.
        now: Not used: the signature covers no time that is checked anywhere.

    Raises:
        BadSignature: None of the secrets signed it.
        UnreadableEvent: It is signed, and nothing that can be read.
    """
    headers = folded(headers)
    # old versions sign the JSON and send it in a form
    carried = form_payload(raw) if is_form(headers) else None
    signed = (raw,) if carried is None else (raw, carried)
    require_match(hex_signatures(secrets, *signed), headers.get("x-pagure-signature-256", ""))
    values = json_object(headers, raw)
    event, message = text(values, "topic"), at(values, "msg")
    if not event:
        raise UnreadableEvent("The webhook's body names no event (topic).")
    return WebhookEvent(
        delivery_id=delivery_id_of(text(values, "msg_id")),
        event=event,
        repository=text(message, "project_fullname"),
        pull_requests=_pull_requests(event, message),
        commits=_commits(event, message),
        branches=_branches(event, message),
        is_repository_changed=event in _CHANGES_OF_PROJECTS,
    )


def _pull_requests(event: str, message: Any) -> tuple[int, ...]:
    if not event.startswith("pull-request."):
        return ()
    return number(message, "pullrequest", "id") or number(message, "pull_request", "id")


def _commits(event: str, message: Any) -> tuple[str, ...]:
    if event.startswith("commit.flag."):
        return commit(message, "flag", "commit_hash")
    return commit(message, "end_commit") if event == "git.receive" else ()


def _branches(event: str, message: Any) -> tuple[str, ...]:
    name = text(message, "branch").removeprefix(HEADS)
    return (name,) if name and event in _BRANCH_EVENTS else ()
