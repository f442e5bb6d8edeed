"""IN-02 across folders: what one Application applies twice, and what only looks like it."""

from __future__ import annotations

import pytest

from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import score, scorecard

ROOT = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: root, namespace: argocd}
spec:
  project: platform
  source: {repoURL: https://git.example.com/infra.git, targetRevision: main, path: apps, %s}
  destination: {server: 'https://kubernetes.default.svc', namespace: argocd}
"""
RECURSIVE = "directory: {recurse: true}"
CHILD = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: checkout%s}
spec:
  project: payments
  source: {repoURL: https://git.example.com/infra.git, targetRevision: main, path: services/checkout}
  destination: {server: 'https://kubernetes.default.svc', namespace: payments}
"""
NAMED = ", namespace: argocd"


def twice(files: dict[str, str]) -> list[tuple[str, int | None, str]]:
    report = score({path: text.encode() for path, text in files.items()}, scorecard("IN-02"))
    checks = [check for service in report.services for check in service.checks]
    found = {(f.path, f.line, f.message) for check in checks for f in check.findings}
    assert all(
        check.state is (State.FAIL if check.findings else State.NOT_APPLICABLE) for check in checks
    )
    return sorted(found)


@pytest.mark.parametrize(("one", "other"), [(NAMED, NAMED), ("", ""), (NAMED, "")])
def test_one_application_reads_both_folders(one: str, other: str) -> None:
    files = {
        "root.yaml": ROOT % RECURSIVE,
        "apps/payments/checkout.yaml": CHILD % one,
        "apps/shop/deep/checkout.yaml": CHILD % other,
    }
    ref = "Application/argocd/checkout" if other else "Application/checkout"

    message = (
        f"{ref} is applied twice by Application/argocd/root, also from apps/payments/checkout.yaml "
        "on line 2; which one the cluster keeps depends on the order"
    )
    assert twice(files) == [("apps/shop/deep/checkout.yaml", 2, message)]


@pytest.mark.parametrize(
    ("directory", "one", "other", "path"),
    [
        ("directory: {recurse: false}", NAMED, NAMED, "apps/shop/checkout.yaml"),
        ("directory: {recurse: true, exclude: 'shop/*'}", NAMED, NAMED, "apps/shop/checkout.yaml"),
        (RECURSIVE, NAMED, ", namespace: shop", "apps/shop/checkout.yaml"),
        (RECURSIVE, NAMED, NAMED, "apps-of-others/shop/checkout.yaml"),
        (RECURSIVE, NAMED, NAMED, "clusters/west/checkout.yaml"),
    ],
)
def test_what_is_not_surely_one_object(directory: str, one: str, other: str, path: str) -> None:
    files = {
        "root.yaml": ROOT % directory,
        "apps/payments/checkout.yaml": CHILD % one,
        path: CHILD % other,
    }

    assert twice(files) == []


def test_clusters_with_an_argo_cd_each_repeat_their_applications() -> None:
    files = {f"clusters/{name}/apps/checkout.yaml": CHILD % NAMED for name in ("east", "west")}

    assert twice(files) == []
