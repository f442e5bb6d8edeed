"""Secrets are taken out of every text before it is stored, shown or logged."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "[redacted]"

_PATTERNS = (
    # user:password@ of a URL; the user may be a token itself, so both go
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://)[^\s/@]+(?=@)", re.IGNORECASE),
    re.compile(
        r"(?P<keep>\bauthorization\s*[:=]\s*(?:(?:basic|bearer|token)\s+)?)[^\s,;'\"]+",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<keep>\bbearer\s+)[A-Za-z0-9._~+/-]{8,}=*", re.IGNORECASE),
    # tokens by their makers' own prefixes
    re.compile(r"(?P<keep>)\b(?:fst_|ghp_|gho_|ghs_|ghu_|github_pat_|glpat-)[A-Za-z0-9_-]{8,}"),
    re.compile(
        r"(?P<keep>\b(?:password|passwd|secret|token|api[_-]?key)\b['\"]?\s*[:=]\s*['\"]?)[^\s'\",;&]+",
        re.IGNORECASE,
    ),
)


def redact(text: str) -> str:
    """Return the text with everything that looks like a credential masked."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<keep>{MASK}", text)
    return text


def spellings_of(header: str) -> tuple[str, ...]:
    """Return how a server may write down the credential that a header carries to it, the longest first.

    Args:
        header: Such as `Authorization: Basic Ym90OnNlY3JldA==`, with its name or without.
    """
    sent = header.rpartition(" ")[2]
    found = set()
    for secret in {sent, _password_in(sent)} - {""}:
        in_base64 = base64.b64encode(secret.encode()).decode()
        for each in (secret, in_base64):
            found |= {each, quote(each, safe=""), quote_plus(each)}
    return tuple(sorted(found, key=lambda each: (-len(each), each)))


def _password_in(sent: str) -> str:
    """Return the password of `user:password` in base64, as `Basic` sends it; "" if it is something else."""
    try:
        return base64.b64decode(sent, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def masked(text: str, spellings: Iterable[str]) -> str:
    """Return the text of a server without the credential that it was sent.

    Args:
        text: What it said.
        spellings: See `spellings_of`.
    """
    for each in spellings:
        text = text.replace(each, MASK)
    return text
