"""New services name the GitOps repository as Argo CD already knows it."""

from __future__ import annotations

import pytest

from flagstone.forge import pipeline
from flagstone.forge.models import Repository
from flagstone.scaffolding import argocd
from flagstone.scaffolding.argocd import argocd_address_of
from flagstone.scaffolding.surroundings import surroundings_of
from tests.forge.repositories import push_by_hand

pytestmark = pytest.mark.django_db(transaction=True)
APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: quote}
spec: {source: {repoURL: "PLACE", path: services/quote}}
"""


def test_its_own_applications_say_it(gitops, root, tmp_path, monkeypatch) -> None:
    assert argocd_address_of(gitops) == ""
    assert "argocdRepoUrl" not in surroundings_of("checkout").environment()
    files = {"apps/quote.yaml": APPLICATION.replace("PLACE", "https://git.bank.example/gitops.git")}
    push_by_hand(root / "acme/gitops.git", tmp_path, files)
    pipeline.sync_repository(gitops.pk)
    moved = Repository.objects.get(pk=gitops.pk)

    environment = surroundings_of("checkout").environment()

    assert environment["argocdRepoUrl"] == "https://git.bank.example/gitops.git"
    monkeypatch.setattr(argocd, "read_tree", None)
    assert argocd_address_of(moved) == "https://git.bank.example/gitops.git"


def test_a_repository_that_is_gone_says_nothing(gitops, root) -> None:
    (root / "acme/gitops.git").rename(root / "acme/elsewhere.git")

    assert argocd_address_of(gitops) == ""
