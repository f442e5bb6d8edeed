"""What the catalogue file of a service that is to be calls it."""

from __future__ import annotations

from flagstone.catalog.engine.documents import read_documents


def component_in(content: bytes) -> str:
    """Return the reference of its first component, '' if it names none; what else is wrong, the catalogue tells."""
    for document in read_documents(content):
        value = document.value if isinstance(document.value, dict) else {}
        metadata = value.get("metadata")
        if value.get("kind") == "Component" and isinstance(metadata, dict):
            namespace = metadata.get("namespace") or "default"
            return f"component:{namespace}/{metadata.get('name', '')}".lower()
    return ""
