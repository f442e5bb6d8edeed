"""Addresses of things that are known by their reference."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.urls import reverse

from flagstone.catalog.engine.refs import EntityRef, InvalidRef
from flagstone.forge.models import Repository


def entity_url(ref: str, tab: str = "") -> str:
    """Return the page of an entity; empty for a text that is no reference."""
    try:
        parsed = EntityRef.parse(ref)
    except InvalidRef:
        return ""
    parts = {"kind": parsed.kind.lower(), "namespace": parsed.namespace, "name": parsed.name}
    if tab:
        return reverse("web:entity-tab", kwargs={**parts, "tab": tab})
    return reverse("web:entity", kwargs=parts)


def source_url(
    repository: Repository, path: str, *, commit: str = "", line: int | None = None
) -> str:
    """Return the page that shows a file of a repository, at a commit and with a line marked."""
    url = reverse("web:source", args=[repository.owner, repository.name, path])
    query = urlencode({key: str(v) for key, v in {"at": commit, "line": line}.items() if v})
    return f"{url}?{query}" + (f"#L{line}" if line else "") if query else url


def with_query(url: str, **values: str | int | list[str]) -> str:
    """Return an address with a query; what is empty is left out."""
    query = urlencode({key: v for key, v in values.items() if v}, doseq=True)
    return f"{url}?{query}" if query else url


def web_address(url: str) -> str:
    """Return an address that others gave us if a browser may go there; empty for any but http and https."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""
