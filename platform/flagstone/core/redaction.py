"""Secrets are taken out of every text before it is stored, shown or logged."""

from __future__ import annotations

import re

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
