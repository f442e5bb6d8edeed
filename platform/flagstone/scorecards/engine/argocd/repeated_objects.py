"""Objects that one Application applies from several of its folders: the cluster keeps one of them.

Folders mostly repeat objects on purpose: overlays for environments, clusters with an Argo CD each. Neither the name
of a folder nor that of an object tells these from a mistake, and two Applications with one destination may still
stand in two clusters, since each calls its own `https://kubernetes.default.svc`. What a single Application reads
with `directory.recurse` goes to one cluster in one sync, whatever its folders are called: only that is sure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from flagstone.policies.manifests.objects import Identity, Manifest, mapping
from flagstone.policies.manifests.snapshot import Problem
from flagstone.scorecards.engine.argocd.argo_applications import Application, folder_at


def applied_twice(
    applications: Iterable[Application], manifests: Iterable[Manifest]
) -> Iterator[Problem]:
    """What is applied twice by one Application, out of different folders."""
    plain = sorted((m for m in manifests if m.origin is None), key=lambda m: m.path)
    paths = [manifest.path for manifest in plain]
    told = set[Manifest]()
    for application in applications:
        first: dict[Identity, Manifest] = {}
        for folder in _read_recursively(application):
            begin, end = (
                (bisect_left(paths, f"{folder}/"), bisect_left(paths, f"{folder}0"))
                if folder
                else (0, len(paths))
            )  # the character after the slash
            for manifest in plain[begin:end]:
                other = first.setdefault(_identity(manifest, application), manifest)
                if _folder(other) != _folder(manifest) and manifest not in told:
                    told.add(manifest)
                    yield _problem(manifest, other, application)


def _read_recursively(application: Application) -> Iterator[str]:
    """The folders of which it applies every file below; what `include` and `exclude` leave is not known."""
    for _, source in application.sources:
        path, directory = source.get("path"), mapping(source.get("directory"))
        whole = directory.get("recurse") is True and not directory.keys() & {"include", "exclude"}
        if whole and isinstance(path, str) and "{{" not in path:
            yield folder_at(path)


def _identity(manifest: Manifest, application: Application) -> Identity:
    group, kind, namespace, name = manifest.identity
    return group, kind, namespace or application.namespace, name


def _folder(manifest: Manifest) -> str:
    return manifest.path.rpartition("/")[0]


def _problem(manifest: Manifest, other: Manifest, application: Application) -> Problem:
    message = (
        f"{manifest.ref} is applied twice by {application.manifest.ref}, also from {other.path} on line "
        f"{other.line()}; which one the cluster keeps depends on the order"
    )
    return Problem(manifest.path, manifest.line(), "duplicate-object", message)
