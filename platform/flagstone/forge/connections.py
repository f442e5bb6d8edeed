"""From a row to the adapter that speaks to it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from flagstone.forge.errors import Permanent
from flagstone.forge.hosts.base import Forge
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import CodeHost, HostKind


def connect(host: CodeHost) -> Forge:
    """Return the adapter of a code host."""
    kind = HostKind(host.kind)
    if kind is HostKind.LOCAL:
        return local_forge()
    raise Permanent(f"Flagstone does not speak to {kind.label} yet.")


def local_forge() -> LocalForge:
    """Return the local code host: one folder, named by the settings."""
    return LocalForge(Path(settings.FLAGSTONE_LOCAL_HOST_ROOT))
