from __future__ import annotations

import pytest

from flagstone.catalog.engine.discovering import FoundInFiles, look_through


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["README.md", "main.go"], FoundInFiles((), 0, (), "service")),
        (
            ["catalog-info.yaml", "main.go", "go.mod", "deploy/kustomization.yaml"],
            FoundInFiles(("catalog-info.yaml",), 1, ("deploy",), "service"),
        ),
        (
            [
                "README.md", "services/a/catalog-info.yaml", "services/a/rollout.yaml",
                "services/b/catalog-info.yaml", "services/b/rollout.yaml", "apps/application.yaml",
            ],
            FoundInFiles(
                ("services/*/catalog-info.yaml",), 2, ("apps", "services/a", "services/b"), "gitops"
            ),
        ),
        (
            ["teams/a/catalog-info.yaml", "teams/b/catalog-info.yaml", "catalog-info.yml", "README.md"],
            FoundInFiles(("catalog-info.yml", "teams/*/catalog-info.yaml"), 3, (), "catalog"),
        ),
        (
            ["pkg/x/catalog-info.yaml", "pkg/x/main.py", "lib/y.py"],
            FoundInFiles(("pkg/x/catalog-info.yaml",), 1, (), "service"),
        ),
        ([], FoundInFiles((), 0, (), "service")),
    ],
)  # fmt: skip
def test_the_names_of_files_tell_what_a_repository_is(
    paths: list[str], expected: FoundInFiles
) -> None:
    assert look_through(paths) == expected
