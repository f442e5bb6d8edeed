"""The shape of `data.inventory`."""

from __future__ import annotations

import json

from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.manifests.namespaces import as_created
from flagstone.policies.manifests.objects import Manifest
from tests.policies.gatekeeper.samples import deployment


def test_namespaced_and_cluster_wide_objects():
    namespace = Manifest(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay"}}, "n"
    )
    web = deployment()
    assert json.loads(Inventory([namespace, web]).data_json) == {
        "inventory": {
            "cluster": {"v1": {"Namespace": {"pay": as_created(namespace)}}},
            "namespace": {"pay": {"apps/v1": {"Deployment": {"web": web.raw}}}},
        }
    }
