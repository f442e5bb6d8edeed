"""Which services a change touches."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.narrowing import narrow
from flagstone.scorecards.engine.reporting.report import Report, Scope
from tests.scorecards.engine.samples import NOW, as_yaml, objects, policies, scorecard

KUSTOMIZATION = b"resources: [all.yaml]\nnamespace: %s\n"


def text(name: str, *kinds: str) -> bytes:
    found = objects(*(kinds or ("deployment",)))
    return as_yaml(list(found.values())).replace("checkout", name).encode()


def entity(name: str) -> bytes:
    document: dict[str, Any] = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {"type": "service"},
    }
    return as_yaml([document]).encode()


def namespace(name: str) -> bytes:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    return as_yaml([document]).encode()


FILES = {
    "plain/alpha.yaml": text("alpha"),
    "plain/alpha-service.yaml": text("alpha", "service"),
    "plain/beta.yaml": text("beta"),
    "owned/gamma/catalog-info.yaml": entity("gamma"),
    "owned/gamma/k8s/all.yaml": text("gamma"),
    "owned/gamma/README.md": b"# gamma\n",
    "README.md": b"# all\n",
    "cluster/payments.yaml": namespace("payments"),
    "delta/one.yaml": text("delta"),
}


def touched(*changed: str, files: dict[str, bytes] | None = None, render: bool = False) -> Report:
    snapshot = read_files(FILES if files is None else files, render=render)
    report = evaluate(snapshot, scorecard("PB-02"), policies(), now=NOW)
    return narrow(report, snapshot, changed, "main")


def names(report: Report) -> list[str]:
    return [service.name for service in report.services]


@pytest.mark.parametrize(
    ("changed", "services"),
    [
        ([], []),
        (["README.md"], []),
        (["plain/alpha.yaml"], ["alpha"]),
        (["plain/alpha-service.yaml"], ["alpha"]),  # its Service stands in another file
        (["owned/gamma/README.md"], ["gamma"]),
        (["owned/gamma/k8s/gone.yaml"], ["gamma"]),
        (["plain/gone.yaml"], ["alpha", "beta"]),  # whose it was is not known any more
        (["delta/sub/gone.yaml"], ["delta"]),
        (["delta/gone.log"], []),
        (["delta"], ["delta"]),  # a submodule
        (["cluster/payments.yaml"], ["alpha", "beta", "delta", "gamma"]),
    ],
)
def test_services_by_their_files_and_what_they_live_by(
    changed: list[str], services: list[str]
) -> None:
    assert names(touched(*changed)) == services


def test_what_is_left_out_is_counted() -> None:
    found = touched("plain/alpha.yaml")

    assert found.scope == Scope("main", 1, 3)


def test_a_patch_touches_what_is_rendered_with_it() -> None:
    files = {
        "one/kustomization.yaml": b"resources: [all.yaml]\npatches: [{path: patch.yaml}]\n",
        "one/all.yaml": text("alpha"),
        "one/patch.yaml": b"apiVersion: apps/v1\nkind: Deployment\n"
        b"metadata: {name: alpha, namespace: payments}\nspec: {replicas: 4}\n",
        "two/kustomization.yaml": b"resources: [all.yaml]\n",
        "two/all.yaml": text("beta"),
    }

    for render in (True, False):
        assert set(names(touched("one/patch.yaml", files=files, render=render))) == {"alpha"}
