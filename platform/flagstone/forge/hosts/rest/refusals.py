"""A refused request as the error that says what the caller must do; statuses and headers decide, words hardly ever."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flagstone.forge.errors import (
    AuthenticationFailed,
    ForgeError,
    Permanent,
    PermissionDenied,
    PolicyRejected,
    QuotaExceeded,
    RateLimited,
    RepositoryArchived,
    RepositoryGone,
    RepositoryMoved,
)

# GitHub: without a header that says how long, wait a minute at least
_UNTOLD_WAIT = 60.0
LONGEST_WAIT = 3600.0
_LONGEST_WORDS = 500
REMEDIES: Mapping[type[ForgeError], str] = {
    AuthenticationFailed: " Store a new one in the admin, under Host secrets.",
    PermissionDenied: " Give it that right at the code host.",
    RepositoryGone: " Check the name, and what the credential may see.",
}
_LONGEST_PLACE = 200
_BY_STATUS: Mapping[int, tuple[type[ForgeError], str]] = {
    HTTPStatus.UNAUTHORIZED: (AuthenticationFailed, "does not accept Flagstone's credential"),
    HTTPStatus.FORBIDDEN: (PermissionDenied, "does not let Flagstone's credential do this"),
    HTTPStatus.NOT_FOUND: (RepositoryGone, "does not have it, or hides it from this credential,"),
    HTTPStatus.GONE: (RepositoryGone, "does not have it any more"),
    HTTPStatus.METHOD_NOT_ALLOWED: (PolicyRejected, "refused"),
    HTTPStatus.CONFLICT: (PolicyRejected, "refused"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (QuotaExceeded, "has no room for it"),
    HTTPStatus.UNPROCESSABLE_ENTITY: (PolicyRejected, "refused"),
    HTTPStatus.LOCKED: (RepositoryArchived, "keeps this repository read-only"),
}


def refusal_of(
    name: str, operation: str, status: int, headers: Mapping[str, str], body: Any
) -> ForgeError:
    """Return the error of an answer that is no success.

    Args:
        name: Of the code host.
        operation: What was asked, in words.
        status: Below 500.
        headers: With names in lower case.
        body: Parsed, or None.
    """
    said = words_of(body)
    request = headers.get("x-github-request-id") or headers.get("x-request-id") or ""
    params: dict[str, Any] = {"status": status, "request": request[:100]}

    def refused(kind: type[ForgeError], what: str, **more: Any) -> ForgeError:
        tail = f" It said: {sentence(said)}" if said else ""
        remedy = REMEDIES.get(kind, "")
        return kind(f"{name} {what} when asked to {operation}.{tail}{remedy}", **params, **more)

    if wait := _wait_of(status, headers, said):
        return refused(RateLimited, f"asks to wait {wait:.0f} seconds", retry_after=wait)
    if status == HTTPStatus.FORBIDDEN and "archived" in said.lower():
        status = HTTPStatus.LOCKED
    if status in _BY_STATUS:
        return refused(*_BY_STATUS[status])
    if status < HTTPStatus.BAD_REQUEST:
        place = headers.get("location", "")[:_LONGEST_PLACE]
        place = place if place.isprintable() else ""
        return RepositoryMoved(
            f"{name} says that it moved to {place or 'nowhere'}. Flagstone follows no redirect: register it under "
            "its new name.",
            **params,
        )
    return refused(Permanent, f"answered {status}")


def words_of(body: Any) -> str:
    """Return what a code host says in its JSON: each calls it otherwise."""
    if not isinstance(body, dict):
        return ""
    found = next(
        (body[key] for key in ("message", "error", "error_description") if body.get(key)), ""
    )
    details = body.get("errors") or []
    texts = [_flat(found)]
    if isinstance(details, list):
        texts += [
            str(each.get("message") or each.get("code") or "")
            if isinstance(each, dict)
            else str(each)
            for each in details
        ]
    return "; ".join(text for text in texts if text)[:_LONGEST_WORDS]


def sentence(said: str) -> str:
    """Return a code host's words so that more can follow."""
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def _flat(found: Any, deepest: int = 3) -> str:
    """Return words in one line: GitLab gives them as lists, and by the field that they are about."""
    if not deepest:
        return "…"
    if isinstance(found, dict):
        return "; ".join(f"{name} {_flat(value, deepest - 1)}" for name, value in found.items())
    if isinstance(found, list):
        return ", ".join(_flat(each, deepest - 1) for each in found)
    return str(found)


def _wait_of(status: int, headers: Mapping[str, str], said: str) -> float:
    """Return for how many seconds the code host asks for patience, 0 if it does not.

    Two of GitHub's limits answer 403 as a missing right does: their headers tell them apart, or, where a
    secondary limit sends none, its words.
    """
    if status not in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
        return 0.0
    if after := headers.get("retry-after", ""):
        return _bounded(_seconds(after))
    if headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")) == "0":
        reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
        return _bounded(float(reset) - time.time() if is_number(reset) else _UNTOLD_WAIT)
    is_limit = status == HTTPStatus.TOO_MANY_REQUESTS or "secondary rate limit" in said.lower()
    return _UNTOLD_WAIT if is_limit else 0.0


def _seconds(after: str) -> float:
    """Read `Retry-After`: seconds, or a date."""
    if is_number(after):
        return float(after)
    try:
        return email.utils.parsedate_to_datetime(after).timestamp() - time.time()
    except (ValueError, OverflowError):
        return _UNTOLD_WAIT


def is_number(value: str) -> bool:
    """Tell whether a header is a number; `isdigit` alone takes `²` for one, which nothing can read."""
    return value.isascii() and value.isdigit()


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), LONGEST_WAIT)
