from __future__ import annotations

from typing import Any

import pytest

from flagstone.catalog.engine.kinds import OWNER, SYSTEM
from flagstone.catalog.engine.relations import reference_faults, relations_of, target_of
from tests.catalog.engine.samples import entity

ME = "component:default/checkout"


def edges(raw: dict[str, Any]) -> list[str]:
    return [f"{e.source} {e.type} {e.target}" for e in relations_of(raw)]


def both(source: str, relation: str, target: str, inverse: str) -> list[str]:
    return sorted([f"{source} {relation} {target}", f"{target} {inverse} {source}"])


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("Component", {"owner": "payments"}, (ME, "ownedBy", "group:default/payments", "ownerOf")),
        ("Component", {"owner": "user:Maria"}, (ME, "ownedBy", "user:default/maria", "ownerOf")),
        ("Component", {"system": "shop"}, (ME, "partOf", "system:default/shop", "hasPart")),
        (
            "Component",
            {"subcomponentOf": "web"},
            (ME, "partOf", "component:default/web", "hasPart"),
        ),
        (
            "Component",
            {"providesApis": ["pay"]},
            (ME, "providesApi", "api:default/pay", "apiProvidedBy"),
        ),
        (
            "Component",
            {"consumesApis": ["eu/pay"]},
            (ME, "consumesApi", "api:eu/pay", "apiConsumedBy"),
        ),
        (
            "Component",
            {"dependsOn": ["resource:db"]},
            (ME, "dependsOn", "resource:default/db", "dependencyOf"),
        ),
        (
            "Component",
            {"dependencyOf": ["api:x"]},
            (ME, "dependencyOf", "api:default/x", "dependsOn"),
        ),
        (
            "API",
            {"owner": "a", "x": 1},
            ("api:default/checkout", "ownedBy", "group:default/a", "ownerOf"),
        ),
        (
            "API",
            {"system": "shop"},
            ("api:default/checkout", "partOf", "system:default/shop", "hasPart"),
        ),
        (
            "Resource",
            {"system": "s"},
            ("resource:default/checkout", "partOf", "system:default/s", "hasPart"),
        ),
        (
            "Resource",
            {"dependsOn": ["component:a"]},
            ("resource:default/checkout", "dependsOn", "component:default/a", "dependencyOf"),
        ),
        (
            "System",
            {"domain": "d"},
            ("system:default/checkout", "partOf", "domain:default/d", "hasPart"),
        ),
        (
            "Domain",
            {"subdomainOf": "d"},
            ("domain:default/checkout", "partOf", "domain:default/d", "hasPart"),
        ),
        (
            "Group",
            {"parent": "org"},
            ("group:default/checkout", "childOf", "group:default/org", "parentOf"),
        ),
        (
            "Group",
            {"children": ["sub"]},
            ("group:default/checkout", "parentOf", "group:default/sub", "childOf"),
        ),
        (
            "Group",
            {"members": ["Ann"]},
            ("group:default/checkout", "hasMember", "user:default/ann", "memberOf"),
        ),
        (
            "User",
            {"memberOf": ["a"]},
            ("user:default/checkout", "memberOf", "group:default/a", "hasMember"),
        ),
        (
            "Template",
            {"owner": "a"},
            ("template:default/checkout", "ownedBy", "group:default/a", "ownerOf"),
        ),
        (
            "AiResource",
            {"owner": "a"},
            ("airesource:default/checkout", "ownedBy", "group:default/a", "ownerOf"),
        ),
        (
            "AiResource",
            {"system": "a"},
            ("airesource:default/checkout", "partOf", "system:default/a", "hasPart"),
        ),
    ],
)
def test_each_field_makes_its_relation_and_the_one_back(
    kind: str, spec: dict[str, Any], expected: tuple[str, str, str, str]
) -> None:
    assert edges(entity(kind, spec=spec)) == both(*expected)


def test_a_reference_without_a_namespace_means_the_own_one() -> None:
    raw = entity(metadata__namespace="eu", spec={"owner": "payments", "dependsOn": ["default/x"]})

    assert edges(raw) == both("component:eu/checkout", "ownedBy", "group:eu/payments", "ownerOf")
    assert [f.keys for f in reference_faults(raw)] == [("spec", "dependsOn", 0)]


def test_the_same_said_twice_is_one_relation() -> None:
    raw = entity(spec={"dependsOn": ["resource:db", "Resource:default/DB"]})

    assert edges(raw) == both(ME, "dependsOn", "resource:default/db", "dependencyOf")


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"owner": 1},
        {"owner": None},
        {"owner": {"$text": "x"}},
        {"dependsOn": {}},
        {"dependsOn": [1, None]},
    ],
)
def test_what_is_no_text_is_no_reference(spec: dict[str, Any]) -> None:
    assert edges(entity(spec=spec)) == []
    assert reference_faults(entity(spec=spec)) == []


def test_a_kind_without_a_spec_has_no_relations() -> None:
    raw = {"apiVersion": "a/v1", "kind": "Thing", "metadata": {"name": "a"}}

    assert relations_of(raw) == []


def test_one_field_can_be_asked_for() -> None:
    raw = entity(metadata__namespace="eu", spec={"owner": "Payments", "system": "a:"})

    assert target_of(raw, OWNER) == "group:eu/payments"
    assert target_of(raw, SYSTEM) == ""
    assert target_of(entity(spec={"owner": ["x"]}), OWNER) == ""
