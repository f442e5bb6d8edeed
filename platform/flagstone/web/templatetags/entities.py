"""What the pages of entities and checks look up while they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from flagstone.core.hidden_characters import written_out
from flagstone.scorecards.models import ServiceScore
from flagstone.web import links
from flagstone.web.check_texts import find_check

register = template.Library()

TICKED = re.compile(r"`([^`\n]+)`")
SAFE_SCHEMES = {"http", "https", "mailto"}


@register.filter
def entity_url(ref: str) -> str:
    """Return the page of an entity."""
    return links.entity_url(ref)


register.filter("check_of", find_check)


@register.filter
def finding_url(score: ServiceScore | None, finding: Mapping[str, Any]) -> str:
    """Return the page that shows the place of a finding, as it was when the service was checked."""
    if not score or not score.repository:
        return ""
    return links.source_url(
        score.repository, str(finding["path"]), commit=score.commit, line=finding.get("line")
    )


@register.filter
def safe_link(url: object) -> str:
    """Return an address that somebody wrote into a file, unless opening it would run something."""
    text = str(url)
    try:
        scheme = urlsplit(text.strip()).scheme.lower()
    except ValueError:
        return "#"
    return text if scheme in SAFE_SCHEMES else "#"


@register.filter
def ticked(text: str) -> SafeString:
    """Show what stands between backticks as code, as it was meant."""
    return mark_safe(TICKED.sub(r"<code>\1</code>", escape(written_out(text))))  # noqa: S308 - escaped before
