"""Entities of our own, one per kind, as short as they may be, and ways to change one field."""

from __future__ import annotations

import copy
from typing import Any

SPECS: dict[str, dict[str, Any]] = {
    "Component": {"type": "service", "lifecycle": "production", "owner": "payments"},
    "API": {"type": "openapi", "lifecycle": "beta", "owner": "payments", "definition": "{}"},
    "Resource": {"type": "database", "owner": "payments"},
    "System": {"owner": "payments"},
    "Domain": {"owner": "payments"},
    "Group": {"type": "squad", "children": []},
    "User": {"memberOf": []},
    "Location": {},
    "Template": {"type": "service", "steps": [{"action": "fetch:cookiecutter"}]},
}
DELETE = object()


def entity(kind: str = "Component", /, **changes: Any) -> dict[str, Any]:
    """Return a valid entity with changes: `metadata__tags=["a"]`, `spec__owner=DELETE`."""
    version = "scaffolder.backstage.io/v1beta3" if kind == "Template" else "backstage.io/v1alpha1"
    raw: dict[str, Any] = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "checkout"},
        "spec": copy.deepcopy(SPECS.get(kind, {})),
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = raw
        for parent in parents:
            place = place[parent]
        if value is DELETE:
            del place[last]
        else:
            place[last] = value
    return raw
