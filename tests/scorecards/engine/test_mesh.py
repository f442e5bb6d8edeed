"""Hosts of the mesh."""

from __future__ import annotations

import pytest

from flagstone.scorecards.engine.mesh import MeshHost, mesh_host

KNOWN = {"payments", "quotes"}


@pytest.mark.parametrize(
    ("text", "namespace", "expected"),
    [
        ("checkout", "payments", MeshHost("checkout", "payments")),
        ("checkout", "", MeshHost("checkout")),
        ("quote.quotes", "payments", MeshHost("quote", "quotes")),
        ("quote.quotes.svc", "payments", MeshHost("quote", "quotes")),
        ("quote.quotes.svc.cluster.local.", "", MeshHost("quote", "quotes")),
        ("example.com", "payments", MeshHost("example.com", external=True)),
        ("api.partner.example.com", "", MeshHost("api.partner.example.com", external=True)),
    ],
)
def test_a_host_as_an_object_means_it(text: str, namespace: str, expected: MeshHost) -> None:
    assert mesh_host(text, namespace, KNOWN) == expected


def test_an_unknown_namespace_may_be_any() -> None:
    assert MeshHost("a").same_as(MeshHost("a", "payments"))
    assert MeshHost("a", "payments").same_as(MeshHost("a", "payments"))
    assert not MeshHost("a", "quotes").same_as(MeshHost("a", "payments"))
    assert not MeshHost("a").same_as(MeshHost("b"))
    assert not MeshHost("a").same_as(MeshHost("a", external=True))


def test_a_host_is_shown_as_people_write_it() -> None:
    assert str(MeshHost("a", "payments")) == "a.payments"
    assert str(MeshHost("a")) == "a"
    assert str(MeshHost("a.example.com", external=True)) == "a.example.com"
