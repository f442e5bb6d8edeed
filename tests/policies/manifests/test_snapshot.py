"""What a snapshot can be asked."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot, decode


def service(name, namespace=""):
    metadata = {"name": name, "namespace": namespace}
    return Manifest({"apiVersion": "v1", "kind": "Service", "metadata": metadata}, "a.yaml")


SNAPSHOT = Snapshot(
    {"a.yaml": b"text", "b.bin": b"\0\1", "c.md": "\ufeffhällo".encode()},
    (service("a", "x"), service("a", "y"), service("b")),
)


def test_files():
    assert list(SNAPSHOT.paths()) == ["a.yaml", "b.bin", "c.md"]
    assert SNAPSHOT.exists("a.yaml")
    assert not SNAPSHOT.exists("z.yaml")
    assert SNAPSHOT.read_text("c.md") == "hällo"
    assert SNAPSHOT.read_text("b.bin") is None
    assert SNAPSHOT.read_text("z.yaml") is None


def test_objects_by_identity_and_kind():
    assert SNAPSHOT.find("", "Service", "y", "a") is SNAPSHOT.manifests[1]
    assert SNAPSHOT.find("", "Service", "z", "a") is None
    assert SNAPSHOT.of_kind("Service") == SNAPSHOT.manifests
    assert SNAPSHOT.of_kind("Service", "apps") == ()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a: 1", "a: 1"),
        ("a: ü".encode("utf-16"), "a: ü"),
        (b"\xfe\xff" + "a: ü".encode("utf-16-be"), "a: ü"),
        ("a: ü".encode("latin-1"), None),
        (b"a\0b", None),
        (b"\xff\xfea", None),
    ],
)
def test_decode(data, text):
    assert decode(data) == text
