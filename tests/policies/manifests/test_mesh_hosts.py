"""Hosts of a mesh in one form."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.mesh_hosts import full_host, service_of

FULL = "web.pay.svc.cluster.local"


@pytest.mark.parametrize(
    ("host", "namespace", "namespaces", "full"),
    [
        ("web", "pay", (), FULL),
        ("WEB", "pay", (), FULL),
        ("web.pay", "other", ("pay",), FULL),
        ("web.pay", "pay", (), FULL),
        ("web.pay", "other", (), "web.pay"),
        ("web.pay.svc", "other", (), FULL),
        (FULL, "other", (), FULL),
        (f"{FULL}.", "other", (), FULL),
        ("web", "", (), "web.default.svc.cluster.local"),
        ("api.example.com", "pay", ("example",), "api.example.com"),
        ("*", "pay", (), "*"),
        ("*.pay.svc.cluster.local", "x", (), "*.pay.svc.cluster.local"),
        ("", "pay", (), ""),
    ],
)
def test_full_host(host, namespace, namespaces, full):
    assert full_host(host, namespace, namespaces) == full


@pytest.mark.parametrize(
    ("host", "service"),
    [
        (FULL, ("pay", "web")),
        ("api.example.com", None),
        ("svc.cluster.local", None),
        ("a.b.c.svc.cluster.local", None),
        ("web", None),
    ],
)
def test_service_of(host, service):
    assert service_of(host) == service
