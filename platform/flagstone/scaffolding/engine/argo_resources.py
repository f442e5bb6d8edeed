"""`argocd:create-resources` by GitOps: the project and the application as files that Argo CD reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from flagstone.scaffolding.engine.targets import PathWrong

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?\Z")
_SERVER = "https://kubernetes.default.svc"


def argo_resources(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield path and content of an AppProject and of its Application.

    Args:
        given: The inputs of the action: `appName`, `repoUrl`, and if they are there `namespace`, `projectName`,
            `path`, `labelValue`.

    Raises:
        PathWrong: A name is none that Kubernetes takes.
    """
    name, project = given["appName"], given.get("projectName") or given["appName"]
    for word in (name, project):
        if not _NAME.match(word):
            raise PathWrong(f"'{word}' is no name for an object of Kubernetes")
    namespace = given.get("namespace") or name
    labels = {"app.kubernetes.io/part-of": given.get("labelValue") or name}
    yield (
        f"projects/{project}.yaml",
        _dumped(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "AppProject",
                "metadata": {"name": project, "namespace": "argocd", "labels": labels},
                "spec": {
                    "sourceRepos": [given["repoUrl"]],
                    "destinations": [{"server": _SERVER, "namespace": namespace}],
                },
            }
        ),
    )
    yield (
        f"apps/{name}.yaml",
        _dumped(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Application",
                "metadata": {"name": name, "namespace": "argocd", "labels": labels},
                "spec": {
                    "project": project,
                    "source": {
                        "repoURL": given["repoUrl"],
                        "targetRevision": "HEAD",
                        "path": given.get("path") or ".",
                    },
                    "destination": {"server": _SERVER, "namespace": namespace},
                    "syncPolicy": {
                        "automated": {"prune": True, "selfHeal": True},
                        "syncOptions": ["CreateNamespace=true"],
                    },
                },
            }
        ),
    )


def _dumped(document: Mapping[str, object]) -> str:
    text: str = yaml.safe_dump(dict(document), sort_keys=False)
    return text
