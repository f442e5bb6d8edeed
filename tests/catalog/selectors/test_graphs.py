from __future__ import annotations

from typing import Any

import pytest

from flagstone.catalog.errors import EntityNotFound
from flagstone.catalog.selectors import Edge, dependency_graph, graphs
from tests.catalog.conftest import Folder, service
from tests.catalog.engine.samples import entity


def name(ref: str) -> str:
    return ref.rpartition("/")[2]


def edges(graph: Any) -> list[str]:
    return [f"{name(e.source)} > {name(e.target)}" for e in graph.edges]


@pytest.fixture
def chain(folder: Folder) -> Folder:
    folder.put(
        service("a", spec__dependsOn=["component:b", "resource:db"], spec__system="shop"),
        service("b", spec__dependsOn=["component:c"], spec__consumesApis=["pay"]),
        service("c", spec__dependsOn=["component:a"]),
        service("p", spec__providesApis=["pay"]),
        service("lonely"),
        entity("API", metadata__name="pay"),
    )
    return folder


def test_a_graph_points_from_who_needs_to_who_is_needed(chain: Folder, stranger: Any) -> None:
    graph = dependency_graph(stranger, "component:default/a", depth=1)

    assert graph.centre == "component:default/a"
    assert [(node.label, node.exists) for node in graph.nodes] == [
        ("a", True),
        ("c", True),
        ("b", True),
        ("db", False),
    ]
    assert edges(graph) == ["a > b", "a > db", "c > a"]
    assert graph.cut is False


def test_it_goes_on_step_by_step_and_cycles_end(chain: Folder, stranger: Any) -> None:
    near = dependency_graph(stranger, "component:default/a", depth=2)
    far = dependency_graph(stranger, "component:default/a", depth=9)

    assert edges(near) == ["a > b", "a > db", "b > pay", "b > c", "c > a"]
    assert edges(far) == ["pay > p", "a > b", "a > db", "b > pay", "b > c", "c > a"]


def test_who_needs_nothing_stands_alone(chain: Folder, stranger: Any) -> None:
    graph = dependency_graph(stranger, "component:default/lonely")

    assert ([node.label for node in graph.nodes], graph.edges) == (["lonely"], [])


def test_a_graph_has_an_end_and_says_so(
    folder: Folder, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "MAX_NODES", 3)
    folder.put(service("hub", spec__dependsOn=[f"resource:r{n}" for n in range(9)]))

    graph = dependency_graph(stranger, "component:default/hub")

    assert [name(node.ref) for node in graph.nodes] == ["hub", "r0", "r1"]
    assert graph.edges == [
        Edge("component:default/hub", "resource:default/r0"),
        Edge("component:default/hub", "resource:default/r1"),
    ]
    assert graph.cut is True


def test_of_nothing_there_is_no_graph(stranger: Any) -> None:
    with pytest.raises(EntityNotFound):
        dependency_graph(stranger, "component:default/nothing")
