"""A service of a GitOps repository, as the catalogue knows it once it was read there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the apps are not ready when a conftest imports this
    from flagstone.catalog.models import Entity
    from flagstone.forge.models import Repository


def service_of(repository: Repository, name: str, *, title: str = "") -> Entity:
    """Return the service whose folder is `services/<name>`; it has been there for long."""
    from flagstone.catalog.models import Entity, Location

    location = Location.objects.create(
        type="git", path="services/*/catalog-info.yaml", repository=repository
    )
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    return Entity.objects.create(
        ref=f"component:default/{name}",
        api_version="backstage.io/v1alpha1",
        kind="Component",
        namespace="default",
        name=name,
        title=title,
        location=location,
        source_path=f"services/{name}/catalog-info.yaml",
        source_index=0,
        source_line=1,
        fingerprint="x",
        created_at=long_ago,
        changed_at=long_ago,
    )
