"""What a kind is called in a rule of the API server, and whether it lives in a namespace."""

from __future__ import annotations

from functools import lru_cache

from flagstone.policies.manifests.known_kinds import KUBERNETES, ODD, PROJECTS

_VOWELS = "aeiou"
_IRREGULAR = {kind: plural for (group, kind), plural in ODD.items() if group in KUBERNETES}
_CLUSTER = frozenset(
    kind for _, of_cluster in (KUBERNETES | PROJECTS).values() for kind in of_cluster.split()
)


@lru_cache(maxsize=4096)
def resource_of(kind: str) -> str:
    """The plural in lower case, as Kubernetes and the generators of CRDs form it."""
    if kind in _IRREGULAR:
        return _IRREGULAR[kind]
    name = kind.lower()
    if name.endswith("y") and name[-2:-1] not in _VOWELS:
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


def is_cluster_wide(kind: str, namespace: str) -> bool:
    """Whether an object without a namespace has none, or gets that of its place."""
    is_named_so = kind.startswith("Cluster") and kind != "Cluster"  # a database, or machines
    return not namespace and (kind in _CLUSTER or is_named_so)
