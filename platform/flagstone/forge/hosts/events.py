"""What a code host sends when something happens there: proven first, over the bytes as they came, then read.

An event is a prompt to read, never a state: a signature covers no order and mostly no time, so an old event may come
after a newer one, and again under another delivery id. Whoever reads the code host afterwards is not misled by it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flagstone.core.errors import UserError

_LONGEST_DELIVERY_ID = 200


class BadSignature(UserError):
    """Nobody who knows the secret sent this; it never says what exactly does not fit."""

    default_code = "webhook.bad_signature"

    def __init__(self) -> None:
        super().__init__(
            "The webhook's signature is missing, wrong or too old. Give the code host the secret that "
            "Flagstone has for it."
        )


class UnreadableEvent(UserError):
    """It was sent by the code host, but it is nothing that Flagstone can read."""

    default_code = "webhook.unreadable"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What happened, and what is to be read again for it.

    Attributes:
        delivery_id: A repeated delivery has the same one.
        event: The code host's own name, such as `pull_request`.
        action: Such as `opened`; "" where the event has none.
        repository: `owner/name`; "" where the event is about none.
        former_name: What the repository was called before this event.
        pull_requests: Numbers of the pull requests to read again.
        commits: Full ids. A check spoke of them, or they were pushed: the pull requests that end in one are to be
            read again.
        branches: Those that got another commit, came or went.
        is_repository_changed: It was renamed, archived, deleted, or given other settings.
    """

    delivery_id: str
    event: str
    action: str = ""
    repository: str = ""
    former_name: str = ""
    pull_requests: tuple[int, ...] = ()
    commits: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    is_repository_changed: bool = False

    @property
    def is_of_interest(self) -> bool:
        """Tell whether there is anything to read again."""
        what = self.pull_requests or self.commits or self.branches or self.is_repository_changed
        return bool(self.repository and what)


def folded(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def hex_signatures(secrets: Sequence[str], *signed: bytes, prefix: str = "") -> list[str]:
    """Return the HMAC-SHA256 of each text under each secret, in hexadecimal; an empty secret signs nothing."""
    return [
        prefix + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        for secret in secrets
        for text in signed
        if secret
    ]


def require_match(good: Iterable[str], *given: str) -> None:
    """Let pass if one of the given values is a good one; each pair is compared to its end, whatever came before.

    Raises:
        BadSignature: None is.
    """
    found = [each.strip().encode("utf-8", "replace") for each in given]
    pairs = [hmac.compare_digest(one, each.encode()) for each in good for one in found]
    if True not in pairs:
        raise BadSignature


def delivery_id_of(*candidates: str) -> str:
    """Return the first usable name of a delivery.

    Raises:
        UnreadableEvent: There is none, so a repeated delivery could not be told from a new one.
    """
    for each in candidates:
        name = each.strip()
        if name.isascii() and name.isprintable() and 0 < len(name) <= _LONGEST_DELIVERY_ID:
            return name
    raise UnreadableEvent(
        "The webhook has no delivery id, so it cannot be told from a repeated one. "
        "A proxy in front of Flagstone may have taken the header away."
    )
