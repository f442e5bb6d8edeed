"""The local code host: bare repositories on disk, pull requests as JSON files beside them."""

from flagstone.forge.hosts.local.forge import LocalForge

__all__ = ["LocalForge"]
