"""How Argo CD calls a GitOps repository, read once for each commit."""

from __future__ import annotations

from django.core.cache import cache

from flagstone.forge.errors import ForgeError
from flagstone.forge.models import Repository
from flagstone.forge.selectors import read_tree
from flagstone.policies.manifests.reading import read_files
from flagstone.scaffolding.engine.argocd_address import argocd_address

_A_DAY = 86_400
_KINDS = (b"Application", b"AppProject")


def argocd_address_of(gitops: Repository) -> str:
    """Return the address that its own Applications and projects use, '' where they do not say.

    A repository that cannot be read says nothing here: whoever needs more of it is told why.
    """
    key = f"argocd-address:{gitops.pk}:{gitops.head_commit}"
    known: str | None = cache.get(key)
    if known is not None:
        return known
    try:
        found = _read(gitops)
    except ForgeError:
        return ""
    cache.set(key, found, _A_DAY)
    return found


def _read(gitops: Repository) -> str:
    files = read_tree(gitops).files
    # the other files matter by their place only
    told = {
        path: content if any(kind in content for kind in _KINDS) else b""
        for path, content in files.items()
    }
    return argocd_address(read_files(told, render=False)) or ""
