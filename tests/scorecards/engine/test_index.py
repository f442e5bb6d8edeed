"""Finding the nearest object that fits."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.index import Index, Shelf, compatible, folders_above


def thing(path: str, namespace: str = "", name: str = "x", origin: str | None = None) -> Manifest:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    raw = {"apiVersion": "v1", "kind": "Thing", "metadata": metadata}
    return Manifest(raw, path, origin=origin)


def nearest(things: list[Manifest], near: Manifest, namespace: str | None = None) -> list[str]:
    shelf = Shelf()
    for item in things:
        shelf.add(item)
    found = shelf.nearest(near, near.namespace if namespace is None else namespace)
    return [item.path for item in found]


def test_folders_from_the_inside_out() -> None:
    assert folders_above("a/b/c") == ("a/b/c", "a/b", "a", "")
    assert folders_above("") == ("",)


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [("a", "a", True), ("a", "", True), ("", "b", True), ("a", "b", False)],
)
def test_namespaces_that_may_be_the_same(one: str, other: str, *, fits: bool) -> None:
    assert compatible(one, other) is fits


def test_the_same_folder_before_the_folder_above() -> None:
    things = [thing("a/one.yaml"), thing("a/b/two.yaml"), thing("c/three.yaml")]

    assert nearest(things, thing("a/b/x.yaml")) == ["a/b/two.yaml"]
    assert nearest(things, thing("a/d/x.yaml")) == ["a/one.yaml", "a/b/two.yaml"]


def test_a_folder_is_no_prefix_of_a_longer_name() -> None:
    things = [thing("apps/shop/one.yaml"), thing("apps/shop-eu/two.yaml")]

    assert nearest(things, thing("apps/shop-eu/x.yaml")) == ["apps/shop-eu/two.yaml"]


def test_another_namespace_never_fits_an_unknown_one_does() -> None:
    things = [thing("a/one.yaml", "eu"), thing("b/two.yaml", "us"), thing("c/three.yaml")]

    assert nearest(things, thing("a/x.yaml", "us")) == ["b/two.yaml", "c/three.yaml"]
    assert nearest(things, thing("a/x.yaml")) == ["a/one.yaml"]


def test_of_one_object_written_twice_the_one_in_the_own_file() -> None:
    things = [thing("a/one.yaml"), thing("a/two.yaml")]

    assert nearest(things, thing("a/two.yaml")) == ["a/two.yaml"]
    assert nearest(things, thing("a/three.yaml")) == ["a/one.yaml", "a/two.yaml"]


def test_what_was_rendered_lies_in_the_folder_that_rendered_it() -> None:
    things = [
        thing("base/one.yaml", origin="overlays/dev"),
        thing("base/one.yaml", origin="overlays/prod"),
    ]
    shelf = Shelf()
    for item in things:
        shelf.add(item)

    found = shelf.nearest(thing("base/two.yaml", origin="overlays/prod"), "")

    assert found == [things[1]]


def test_many_objects_give_the_same_answer_as_few() -> None:
    few = [thing(f"{folder}/x.yaml", "ns") for folder in ("a", "a/b", "c")]
    many = few + [thing(f"far/{number}/x.yaml", "ns") for number in range(20)]

    for near in (thing("a/b/y.yaml", "ns"), thing("a/y.yaml", "ns"), thing("c/d/y.yaml", "ns")):
        assert nearest(many, near) == nearest(few, near)


def test_many_objects_of_no_namespace_at_all() -> None:
    many = [thing(f"far/{number}/x.yaml") for number in range(20)]

    assert nearest(many, thing("far/7/y.yaml")) == ["far/7/x.yaml"]
    assert nearest(many, thing("elsewhere/y.yaml", "ns"), "other") == [item.path for item in many]


def test_the_index_leaves_out_what_no_check_may_judge() -> None:
    hidden = Manifest(thing("a.yaml").raw, "a.yaml", unrendered_reason="kustomize: not installed")
    index = Index(Snapshot({}, (thing("b.yaml", "eu"), hidden)))

    assert [found.path for found in index.of_kind("Thing", "")] == ["b.yaml"]
    assert [found.path for found in index.named("", "Thing", "x", near=hidden)] == ["b.yaml"]
    assert index.named("apps", "Thing", "x", near=hidden) == []
    assert index.namespaces == {"eu"}
