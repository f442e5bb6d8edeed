"""Webhooks of Gitea and Forgejo: a bare hexadecimal signature, of the JSON even where that comes in a form."""

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
    form_payload,
    is_form,
    json_object,
    number,
    text,
)

# the first that is there decides alone: a wrong one is not made good by another
_SIGNATURES = (
    ("x-forgejo-signature", ""),
    ("x-gitea-signature", ""),
    ("x-hub-signature-256", "sha256="),
)
_MAKERS = ("forgejo", "gitea", "github")


def read_event(
    headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[str], now: datetime
) -> WebhookEvent:
    """Prove and read a delivery.

    Args:
        headers: Of the request, in any case.
        raw: Its body as it came.
        secrets: Any of them may have signed it.
        now: Not used: the signature covers no time.

    Raises:
        BadSignature: None of the secrets signed it.
        UnreadableEvent: It is signed, and nothing that can be read.
    """
    headers = folded(headers)
    _verify(headers, raw, secrets)
    values = json_object(headers, raw)
    event = _named(headers, "event") or _named(headers, "event-type")
    if not event:
        raise UnreadableEvent("The webhook does not name its event (X-Gitea-Event).")
    return WebhookEvent(
        delivery_id=delivery_id_of(_named(headers, "delivery")),
        event=event,
        action=text(values, "action"),
        repository=text(values, "repository", "full_name")
        or text(values, "run", "repository", "full_name"),
        pull_requests=_pull_requests(event, values),
        commits=_commits(event, values),
        branches=_branches(event, values),
        is_repository_changed=event == "repository",
    )


def _verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str]) -> None:
    carried = form_payload(raw) if is_form(headers) else None
    signed = (raw,) if carried is None else (raw, carried)
    name, prefix = next((each for each in _SIGNATURES if each[0] in headers), _SIGNATURES[0])
    require_match(hex_signatures(secrets, *signed, prefix=prefix), headers.get(name, ""))


def _named(headers: Mapping[str, str], what: str) -> str:
    """Return a header that each maker calls by its own name; some versions leave one empty."""
    found = (text(headers, f"x-{maker}-{what}") for maker in _MAKERS)
    return next((value for value in found if value), "")


def _pull_requests(event: str, values: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the pull request; a comment on one comes as a comment on an issue, or as one of its own kind."""
    if event.startswith("pull_request"):
        found = number(values, "pull_request", "number") or number(values, "number")
        return found or number(values, "issue", "number")
    is_on_pull_request = (
        at(values, "is_pull") is True or at(values, "issue", "pull_request") is not None
    )
    return (
        number(values, "issue", "number") if event == "issue_comment" and is_on_pull_request else ()
    )


def _commits(event: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    if event == "status":
        return commit(values, "sha")
    if event.startswith("action_run"):
        return commit(values, "run", "commit_sha")
    return commit(values, "after") if branch(values, "ref") and event == "push" else ()


def _branches(event: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    if event == "push":
        return branch(values, "ref")
    if event not in ("create", "delete") or at(values, "ref_type") != "branch":
        return ()
    name = text(values, "ref")
    return branch(values, "ref") or ((name,) if name else ())
