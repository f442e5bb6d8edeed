"""What a jq path names in an object."""

from __future__ import annotations

import pytest

from flagstone.scorecards.engine.argocd.jq_paths import Place, places

DOCUMENT = {
    "spec": {
        "http": [
            {"name": "a", "route": [{"weight": 1}, {"weight": 2}]},
            {"name": "b", "match": [], "route": [{"weight": 3}]},
        ],
        "a/b": {"c.d": 1},
    }
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (".", [()]),
        (".spec.missing.deeper", [("spec", "missing", "deeper")]),
        (".spec.http[].name", [("spec", "http", 0, "name"), ("spec", "http", 1, "name")]),
        (".spec.http[-1].name", [("spec", "http", 1, "name")]),
        (".spec.http[7].name", [("spec", "http", 7, "name")]),
        ('.spec["http"][0]["name"]', [("spec", "http", 0, "name")]),
        ('.spec."a/b"."c.d"', [("spec", "a/b", "c.d")]),
        ('.spec["a/b"][]?', [("spec", "a/b", "c.d")]),
        (".spec | .http[0] | .route[1].weight", [("spec", "http", 0, "route", 1, "weight")]),
        (".spec.http[0].name, .spec.http[1]", [("spec", "http", 0, "name"), ("spec", "http", 1)]),
        ('.spec.http[] | select(.name == "b") | .route', [("spec", "http", 1, "route")]),
        ('.spec.http[] | select(.name != "b")', [("spec", "http", 0)]),
        (
            '.spec.http[] | select(.name == "a" or .name == "b") | .name',
            [("spec", "http", 0, "name"), ("spec", "http", 1, "name")],
        ),
        ('.spec.http[] | select(.name == "a" and .name == "b")', []),
        ("spec.http", []),
        ("spec[0]", []),
        ("", []),
    ],
)
def test_places(expression: str, expected: list[Place]) -> None:
    assert places(expression, DOCUMENT) == expected


@pytest.mark.parametrize(
    "expression",
    [
        ".. | .weight?",
        ".spec.http | map(.name)",
        '.spec.http[] | select(.name | test("a")) | .name',
        '.spec.http[] | select(.name == "a" or .name == "b" and .name == "c")',
        ".spec.http[0:2]",
        "." + "a" * 2000,
    ],
)
def test_more_than_a_path(expression: str) -> None:
    assert places(expression, DOCUMENT) is None


def test_a_path_through_another_shape_names_nothing() -> None:
    assert places(".spec.http.name", DOCUMENT) == []
