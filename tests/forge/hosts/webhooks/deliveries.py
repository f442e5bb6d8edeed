"""Deliveries as each kind of code host sends them, signed as it signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flagstone.forge.hosts.events import WebhookEvent
from flagstone.forge.hosts.gitea.events import read_event as read_gitea
from flagstone.forge.hosts.github.events import read_event as read_github
from flagstone.forge.hosts.gitlab.events import read_event as read_gitlab
from flagstone.forge.hosts.pagure.events import read_event as read_pagure

SECRET = "correct horse battery staple"
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"

READERS: Mapping[str, Callable[..., WebhookEvent]] = {
    "github": read_github,
    "gitlab": read_gitlab,
    "gitea": read_gitea,
    "pagure": read_pagure,
}


@dataclass(frozen=True)
class Delivery:
    """A request as it arrives."""

    kind: str
    headers: Mapping[str, str]
    body: bytes

    def read(self, *secrets: str, now: datetime = NOW) -> WebhookEvent:
        secrets = secrets or (SECRET,)
        return READERS[self.kind](self.headers, self.body, secrets=secrets, now=now)

    def but(self, *, body: bytes | None = None, **headers: str | None) -> Delivery:
        """Return it with another body, or with other headers (None: without)."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in changed}
        kept |= {name: value for name, value in changed.items() if value is not None}
        return Delivery(self.kind, kept, self.body if body is None else body)


def hex_signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def form(body: bytes) -> bytes:
    return urlencode({"payload": body.decode()}).encode()


def github(body: bytes, event: str, *, secret: str = SECRET) -> Delivery:
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": f"sha256={hex_signature(body, secret)}",
        "Content-Type": "application/json",
    }
    return Delivery("github", headers, body)


def gitea(
    body: bytes, event: str, *, maker: str = "Gitea", secret: str = SECRET, carrier: bytes = b""
) -> Delivery:
    """As Gitea or Forgejo sends it; with a carrier that is the body, and the signature is of the JSON in it."""
    headers = {
        f"X-{maker}-Event": event,
        f"X-{maker}-Delivery": "f6266f16-1bf3-46a5-9ea4-602e06ead473",
        f"X-{maker}-Signature": hex_signature(body, secret),
        "X-Hub-Signature-256": f"sha256={hex_signature(body, secret)}",
        "Content-Type": FORM if carrier else "application/json",
    }
    return Delivery("gitea", headers, carrier or body)


def gitlab(body: bytes, *, token: str = SECRET) -> Delivery:
    headers = {
        "X-Gitlab-Event": "Some Hook",
        "X-Gitlab-Token": token,
        "Idempotency-Key": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
        "X-Gitlab-Event-UUID": "13792a34-cac6-4fda-95a8-c58e00a3954e",
        "Content-Type": "application/json",
    }
    return Delivery("gitlab", headers, body)


def signed_gitlab(
    body: bytes, *, secret: str = SECRET, key: bytes | None = None, at: datetime = NOW
) -> Delivery:
    second = str(int(at.timestamp()))
    name = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
    signed = f"{name}.{second}.".encode() + body
    digest = hmac.new(key or secret.encode(), signed, hashlib.sha256).digest()
    headers = {
        "X-Gitlab-Event": "Some Hook",
        "webhook-id": name,
        "webhook-timestamp": second,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "Content-Type": "application/json",
    }
    return Delivery("gitlab", headers, body)


def pagure(body: bytes, *, secret: str = SECRET, carrier: bytes = b"") -> Delivery:
    headers = {
        "X-Pagure": "https://pagure.example.com/",
        "X-Pagure-Project": "somebody/else",
        "X-Pagure-Topic": "issue.new",
        "X-Pagure-Signature": "0" * 40,
        "X-Pagure-Signature-256": hex_signature(body, secret),
        "Content-Type": FORM if carrier else "application/json",
    }
    return Delivery("pagure", headers, carrier or body)


def pagure_message(topic: str, **message: Any) -> dict[str, Any]:
    """Return what Pagure puts around every message."""
    return {
        "i": 1,
        "msg": {
            "agent": "pingou",
            "pagure_instance": "https://pagure.example.com/",
            "project_fullname": "acme/payments",
            **message,
        },
        "msg_id": "2026-1b9e8a4c-9d3a-4f0f-8d28-b2c8a9d4c5aa",
        "timestamp": 1796126400,
        "topic": topic,
    }
