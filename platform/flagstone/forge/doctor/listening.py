"""Whether the code host tells Flagstone of changes: webhooks, their events, and what became of the last delivery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings

from flagstone.core.admin_places import place_of
from flagstone.core.errors import FlagstoneError
from flagstone.forge.credentials import read_secrets, unreadable_secrets
from flagstone.forge.doctor.findings import Finding, Outcome
from flagstone.forge.errors import ForgeError, Permanent
from flagstone.forge.hosts.base import Forge, WebhookEntry
from flagstone.forge.models import (
    CodeHost,
    HostKind,
    HostSecret,
    SecretPurpose,
    WebhookDelivery,
)

_GITEA = frozenset(
    {
        "push", "create", "delete", "repository",
        "pull_request", "pull_request_assign", "pull_request_label", "pull_request_milestone",
        "pull_request_comment", "pull_request_review_approved", "pull_request_review_rejected",
        "pull_request_review_comment", "pull_request_sync", "pull_request_review_request",
    }
)  # fmt: skip
# without these, a push, a review or a status is noticed minutes later; names as each code host's API has them
_EVENTS: Mapping[str, frozenset[str]] = {
    HostKind.GITHUB: frozenset(
        {
            "push", "pull_request", "pull_request_review", "pull_request_review_comment",
            "pull_request_review_thread", "issue_comment", "status", "check_run", "check_suite", "repository",
        }
    ),
    HostKind.GITLAB: frozenset({"push", "merge_requests", "note", "pipeline"}),
    HostKind.GITEA: _GITEA | {"status"},
    # whose webhooks know no statuses
    HostKind.FORGEJO: _GITEA,
}  # fmt: skip


def examine_webhooks(host: CodeHost, forge: Forge, repository: str) -> Iterator[Finding]:
    """Look for a webhook of the repository that leads here, and for the secret that proves what it sends."""
    if host.is_local:
        yield Finding("Webhook", Outcome.SKIPPED, "the local code host needs none")
        return
    yield _secret_finding(host)
    address = f"{settings.FLAGSTONE_URL}/webhooks/{host.name}"
    try:
        hooks = [
            each for each in forge.list_webhooks(repository) if each.url.rstrip("/") == address
        ]
    except Permanent as error:
        yield Finding("Webhook", Outcome.SKIPPED, f"it cannot be looked up: {error.message}")
    except ForgeError as error:
        yield Finding("Webhook", Outcome.PROBLEM, error.message)
    else:
        yield _hook_finding(hooks, address, _EVENTS.get(host.kind, frozenset()))


def _secret_finding(host: CodeHost) -> Finding:
    try:
        is_there = bool(read_secrets(host, SecretPurpose.WEBHOOK))
    except FlagstoneError as error:
        return Finding("Webhook secret", Outcome.PROBLEM, error.message)
    place = place_of(HostSecret)
    if not is_there:
        words = (
            f"No webhook secret is stored, so nothing that arrives is believed. Add one {place}."
        )
        return Finding("Webhook secret", Outcome.PROBLEM, words)
    if lost := unreadable_secrets(HostSecret.objects.of(host, SecretPurpose.WEBHOOK)):
        words = (
            f"{len(lost)} cannot be opened with the sealing keys that Flagstone has, and what is signed with it is "
            f"not believed. Forget it {place}, where it is marked, if no webhook uses it."
        )
        return Finding("Webhook secret", Outcome.PROBLEM, words)
    return Finding("Webhook secret", Outcome.OK)


def _hook_finding(hooks: Sequence[WebhookEntry], address: str, needed: frozenset[str]) -> Finding:
    if not hooks:
        words = (
            f"The repository has none to {address}. Without one Flagstone notices changes up to "
            f"{settings.FLAGSTONE_SYNC_MINUTES} minutes later. (One of the whole organisation is not listed here.)"
        )
        return Finding("Webhook", Outcome.PROBLEM, words)
    active = [hook for hook in hooks if hook.is_active]
    if not active:
        words = f"The one to {address} is switched off. Switch it on at the code host."
        return Finding("Webhook", Outcome.PROBLEM, words)
    told = frozenset[str]().union(*(hook.events for hook in active))
    if missing := sorted(needed - told) if told and "*" not in told else []:
        words = f"It does not tell of {', '.join(missing)}. Choose these events as well."
        return Finding("Webhook", Outcome.PROBLEM, words)
    failed = [hook.last_status for hook in active if hook.last_status and hook.last_status >= 400]
    if failed:
        words = f"Its last delivery was answered with {failed[0]}: see {place_of(WebhookDelivery)}."
        return Finding("Webhook", Outcome.PROBLEM, words)
    return Finding("Webhook", Outcome.OK, address)
