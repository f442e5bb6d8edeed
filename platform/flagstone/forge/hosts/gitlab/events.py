"""Webhooks of GitLab: signed in newer versions, with the plain secret in a header in all others."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flagstone.forge.hosts.events import (
    BadSignature,
    UnreadableEvent,
    WebhookEvent,
    delivery_id_of,
    folded,
    require_match,
)
from flagstone.forge.hosts.payloads import at, branch, commit, json_object, number, text

_TOLERANCE = 300.0
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_KEY_PREFIX = "whsec_"
_VERSION = "v1,"
_MOST_SIGNATURES = 10
_SSH_ADDRESS = re.compile(r"(?:ssh://[^/]+/|[^/:]+:)(?P<path>.+?)(?:\.git)?")
_CHANGES_OF_PROJECTS = frozenset(
    {
        "project_archive",
        "project_destroy",
        "project_rename",
        "project_transfer",
        "project_unarchive",
        "project_update",
    }
)


def read_event(
    headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[str], now: datetime
) -> WebhookEvent:
    """Prove and read a delivery.

    Args:
        headers: Of the request, in any case.
        raw: Its body as it came.
        secrets: Any of them may have signed it, or be the token.
        now: A signature is good for five minutes.

    Raises:
        BadSignature: None of the secrets signed it, or not now.
        UnreadableEvent: It is proven, and nothing that can be read.
    """
    headers = folded(headers)
    if "webhook-signature" in headers:
        _verify_signature(headers, raw, secrets, now)
    else:
        require_match(filter(None, secrets), headers.get("x-gitlab-token", ""))
    values = json_object(headers, raw)
    event = text(values, "object_kind") or text(values, "event_name")
    if not event:
        raise UnreadableEvent("The webhook's body names no event (object_kind or event_name).")
    attributes = _without_blanks(at(values, "object_attributes"))
    return WebhookEvent(
        delivery_id=_delivery_id(headers, raw),
        event=event,
        action=text(attributes, "action") or text(values, "action"),
        repository=_repository(values),
        former_name=text(values, "old_path_with_namespace"),
        pull_requests=_pull_requests(event, attributes, values),
        commits=_commits(event, attributes, values),
        branches=branch(values, "ref") if event == "push" else (),
        is_repository_changed=event in _CHANGES_OF_PROJECTS,
    )


def _verify_signature(
    headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime
) -> None:
    """Check a signature as standardwebhooks.com describes it; several may be given, one must be good."""
    name, at_second = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _SECONDS.fullmatch(at_second) or abs(now.timestamp() - int(at_second)) > _TOLERANCE:
        raise BadSignature
    signed = f"{name}.{at_second}.".encode("utf-8", "replace") + raw
    good = [
        _VERSION + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for key in map(_key, secrets)
        if key
    ]
    require_match(good, *headers["webhook-signature"].split()[:_MOST_SIGNATURES])


def _key(secret: str) -> bytes:
    """Return the bytes that sign; a secret that looks like base64 and is none signs nothing."""
    if not secret.startswith(_KEY_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _delivery_id(headers: Mapping[str, str], raw: bytes) -> str:
    """Return the delivery's id; older versions name only the chain of events that a delivery belongs to."""
    chain = headers.get("x-gitlab-event-uuid", "").strip()
    alone = f"{chain}:{hashlib.sha256(raw).hexdigest()[:32]}" if chain else ""
    return delivery_id_of(headers.get("webhook-id", ""), headers.get("idempotency-key", ""), alone)


def _without_blanks(attributes: Any) -> Mapping[str, Any]:
    """Return the attributes by keys without blanks around them: some versions sent `"state "`."""
    if not isinstance(attributes, dict):
        return {}
    return {key.strip(): value for key, value in attributes.items()}


def _repository(values: Mapping[str, Any]) -> str:
    """Return the full path; an event of a job has it in an address alone, and its `project_name` is for people."""
    named = text(values, "project", "path_with_namespace") or text(values, "path_with_namespace")
    if named:
        return named
    found = _SSH_ADDRESS.fullmatch(text(values, "repository", "git_ssh_url"))
    return found["path"] if found else ""


def _pull_requests(
    event: str, attributes: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[int, ...]:
    if event == "merge_request":
        return number(attributes, "iid")
    if event == "note" and at(attributes, "noteable_type") == "MergeRequest":
        return number(values, "merge_request", "iid")
    # a pipeline of a fork tells of a merge request of another project
    ours = at(values, "project", "id")
    if event == "pipeline" and at(values, "merge_request", "target_project_id") == ours:
        return number(values, "merge_request", "iid")
    return ()


def _commits(
    event: str, attributes: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the commit of a push or a pipeline; the pipeline also tells how each of its jobs ended."""
    if event == "pipeline":
        return commit(attributes, "sha")
    return commit(values, "after") if event == "push" and branch(values, "ref") else ()
