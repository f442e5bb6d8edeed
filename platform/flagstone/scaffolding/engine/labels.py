"""A key as a label, where a template has no words of its own for a question."""

from __future__ import annotations

import re

_ACRONYMS = {"api": "API", "id": "ID", "ci": "CI", "url": "URL", "sso": "SSO", "html": "HTML"}
_BORDER = re.compile(r"[_\s-]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def label_of(key: str) -> str:
    """Make words of `cloudProvider`, `cloud_provider` and `cloud-provider`."""
    sentence = " ".join(_word(word) for word in _BORDER.split(key) if word) or key
    return sentence[0].upper() + sentence[1:]


def _word(word: str) -> str:
    is_shouted = len(word) > 1 and word.isupper()
    return _ACRONYMS.get(word.lower(), word if is_shouted else word.lower())
