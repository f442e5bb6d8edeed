"""Takes in what code hosts send: proven, stored once, and handed to a worker; nothing slow happens here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from flagstone.core.inserting import insert_once
from flagstone.core.redaction import MASK
from flagstone.forge import tasks
from flagstone.forge.credentials import read_secrets
from flagstone.forge.hosts.events import WebhookEvent, folded
from flagstone.forge.hosts.gitea.events import read_event as read_gitea_event
from flagstone.forge.hosts.github.events import read_event as read_github_event
from flagstone.forge.hosts.gitlab.events import read_event as read_gitlab_event
from flagstone.forge.hosts.pagure.events import read_event as read_pagure_event
from flagstone.forge.models import (
    CodeHost,
    DeliveryState,
    HostKind,
    Repository,
    SecretPurpose,
    WebhookDelivery,
)

_READERS: Mapping[str, Callable[..., WebhookEvent]] = {
    HostKind.GITHUB: read_github_event,
    HostKind.GITLAB: read_gitlab_event,
    HostKind.GITEA: read_gitea_event,
    HostKind.FORGEJO: read_gitea_event,
    HostKind.PAGURE: read_pagure_event,
}
# what helps to find a fault, and is no proof of anything
_KEPT_HEADERS = (
    "content-type",
    "idempotency-key",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "x-forgejo-delivery",
    "x-forgejo-event",
    "x-forgejo-event-type",
    "x-gitea-delivery",
    "x-gitea-event",
    "x-gitea-event-type",
    "x-github-delivery",
    "x-github-event",
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-gitlab-event",
    "x-gitlab-event-uuid",
    "x-gitlab-instance",
    "x-gitlab-webhook-uuid",
    "x-pagure",
    "x-pagure-project",
    "x-pagure-topic",
)
_LONGEST_HEADER = 255


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery.

    Attributes:
        is_repeated: It was here before.
        is_for_nobody: It is of interest, but its repository is not registered.
        state: Whether a worker is at it.
    """

    is_repeated: bool
    is_for_nobody: bool
    state: DeliveryState


def takes_webhooks(host: CodeHost) -> bool:
    return host.kind in _READERS


def receive(host: CodeHost, headers: Mapping[str, str], raw: bytes) -> Receipt:
    """Prove a delivery, store it once and tell a worker.

    Args:
        host: Who says that they sent it.
        headers: Of the request.
        raw: Its body as it came.

    Raises:
        BadSignature: They did not send it, or it was changed on the way.
        UnreadableEvent: They did, and it is nothing that can be read.
        SealBroken, NoSealingKey: The secret cannot be read here.
    """
    secrets = read_secrets(host, SecretPurpose.WEBHOOK)
    event = _READERS[host.kind](headers, raw, secrets=secrets, now=timezone.now())
    delivery = WebhookDelivery(
        host=host,
        delivery_id=event.delivery_id,
        event=event.event,
        action=event.action,
        repository_name=event.repository,
        repository=_repository_of(host, event),
        headers=_kept(headers),
        payload=_without(secrets, raw),
        pull_requests=list(event.pull_requests),
        # what was pushed is found by looking at the repository
        commits=[] if event.branches else list(event.commits),
        reads_repository=bool(event.branches or event.is_repository_changed),
    )
    is_for_nobody = event.is_of_interest and delivery.repository is None
    if is_for_nobody:
        delivery.error = "Its repository is not registered in Flagstone."
    if is_for_nobody or not event.is_of_interest:
        delivery.state = DeliveryState.IGNORED
    is_new = insert_once(delivery)
    if delivery.state == DeliveryState.RECEIVED:
        due = delivery.pk if is_new else _take_up_again(delivery)
        if due is not None:
            tasks.work_delivery.delay_on_commit(str(due))
    return Receipt(
        is_repeated=not is_new,
        is_for_nobody=is_for_nobody,
        state=DeliveryState(delivery.state),
    )


def _repository_of(host: CodeHost, event: WebhookEvent) -> Repository | None:
    """Return the repository that an event is about; one that was renamed is known by its former name still."""
    for name in (event.repository, event.former_name):
        if name and (found := Repository.objects.filter(host=host).named(name).first()):
            return found
    return None


def _take_up_again(repeated: WebhookDelivery) -> UUID | None:
    """Give another chance to one that failed, or whose repository was registered since."""
    known = WebhookDelivery.objects.filter(
        host=repeated.host,
        delivery_id=repeated.delivery_id,
        state__in=(DeliveryState.FAILED, DeliveryState.IGNORED),
    )
    found = known.values_list("pk", flat=True).first()
    taken = known.update(
        state=DeliveryState.RECEIVED,
        repository=repeated.repository,
        attempts=0,
        error="",
        not_before=Now(),
        touched_at=timezone.now(),
    )
    return found if taken else None


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    found = folded(headers)
    return {
        name: found[name][:_LONGEST_HEADER]
        for name in _KEPT_HEADERS
        if name in found and found[name].isprintable()
    }


def _without(secrets: list[str], raw: bytes) -> bytes:
    """Take the secret out of a body that repeats it, as old versions of Gitea do."""
    for secret in secrets:
        for written in {secret, quote_plus(secret)}:
            raw = raw.replace(written.encode(), MASK.encode())
    return raw
