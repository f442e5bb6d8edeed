from __future__ import annotations

import json

import pytest

from flagstone.policies.manifests.reading import read_files
from flagstone.scaffolding.engine.argocd_address import argocd_address

OURS, OTHERS = "https://git.example.com/acme/gitops.git", "https://charts.example.com/all.git"


def application(**spec):
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "spec": spec}


def project(*repositories):
    spec = {"sourceRepos": list(repositories)}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "spec": spec}


@pytest.mark.parametrize(
    ("objects", "address"),
    [
        ([], None),
        ([application(source={"repoURL": OURS, "path": "apps"})], OURS),
        ([application(source={"repoURL": OURS, "path": "./apps/"})], OURS),
        ([application(source={"repoURL": OTHERS, "path": "charts/x"})], None),
        ([application(source={"repoURL": OTHERS, "chart": "x"})], None),
        (
            [
                application(
                    sources=[{"repoURL": OTHERS, "chart": "x"}, {"repoURL": OURS, "path": "apps"}]
                ),
                project(OTHERS),
            ],
            OURS,
        ),
        (
            [
                application(source={"repoURL": OTHERS, "path": "services"}),
                application(source={"repoURL": OURS, "path": "services/a"}),
                application(source={"repoURL": OURS, "path": "apps"}),
            ],
            OURS,
        ),
        ([project(OURS), project(OURS)], OURS),
        ([project(OURS, OTHERS)], None),
        ([project("*", "!https://git.example.com/acme/secret.git")], None),
        ([project(f"{OURS}\nkind: x")], None),
        ([application(source={"repoURL": ["x"], "path": "apps"}, sources="x"), project(7)], None),
    ],
)
def test_the_repository_itself_says_its_address(objects, address):
    files = {f"apps/{n}.json": json.dumps(each).encode() for n, each in enumerate(objects)}
    files["services/a/README.md"] = b""

    assert argocd_address(read_files(files, render=False)) == address
