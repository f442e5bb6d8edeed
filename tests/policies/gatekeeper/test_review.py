"""What a policy is shown."""

from __future__ import annotations

import json

from flagstone.policies.gatekeeper.review import review_json
from flagstone.policies.manifests.objects import Manifest
from tests.policies.gatekeeper.samples import deployment, in_view


def test_an_object_in_a_namespace_that_is_known():
    web = deployment()
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "pay", "labels": {"a": "b", "kubernetes.io/metadata.name": "pay"}},
    }
    resource = {"group": "apps", "version": "v1", "resource": "deployments"}
    assert json.loads(review_json(web, in_view(pay={"a": "b"}))) == {
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "requestKind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "resource": resource,
        "requestResource": resource,
        "dryRun": False,
        "name": "web",
        "namespace": "pay",
        "operation": "CREATE",
        "object": web.raw,
        "oldObject": None,
        "userInfo": {},
        "namespaceObject": namespace,
        "_unstable": {"namespace": namespace},
    }


def test_what_is_not_known_is_not_there():
    raw = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}}
    review = json.loads(review_json(Manifest(raw, "p.yaml"), in_view()))
    assert {"name", "namespace", "namespaceObject", "_unstable"}.isdisjoint(review)
    assert review["kind"] == {"group": "", "version": "v1", "kind": "Pod"}


def test_gators_review_says_no_more_than_gator_does():
    review = json.loads(review_json(deployment(), in_view(), operation=""))
    assert {"resource", "requestKind", "requestResource", "dryRun"}.isdisjoint(review)
