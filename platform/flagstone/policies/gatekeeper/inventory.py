"""The other objects of the cluster, as a policy finds them under `data.inventory`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from typing import Any

from flagstone.policies.manifests.namespaces import as_created
from flagstone.policies.manifests.objects import Manifest

_numbers = count(1)


class Inventory:
    """What is (or will be) in the cluster; made once, used for many reviews.

    Attributes:
        data_json: what the policies find under `data`.
        number: its own, by which an engine elsewhere knows it.
    """

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        cluster: dict[str, Any] = {}
        namespaces: dict[str, Any] = {}
        for manifest in manifests:
            home = namespaces.setdefault(manifest.namespace, {}) if manifest.namespace else cluster
            kinds = home.setdefault(manifest.api_version, {})
            kinds.setdefault(manifest.kind, {})[manifest.name] = as_created(manifest)
        self.data_json = json.dumps({"inventory": {"cluster": cluster, "namespace": namespaces}})
        self.number = str(next(_numbers))
