"""Applications, ApplicationSets and the repositories that projects allow."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.argocd.argo_applications import (
    Application,
    application,
    same_repository,
)
from tests.scorecards.engine.samples import objects


def app(**spec: Any) -> Application:
    raw = objects("app")["app"]
    raw["spec"] |= spec
    return application(Manifest(raw, "app.yaml"))


def app_set(directories: list[dict[str, Any]], *, nested: bool = False) -> Application:
    git: dict[str, Any] = {"git": {"directories": directories}}
    generators = [{"matrix": {"generators": [{"list": {}}, git]}}] if nested else [git]
    raw = {"kind": "ApplicationSet", "spec": {"generators": generators, "template": {"spec": {}}}}
    return application(Manifest(raw, "set.yaml"))


def test_one_source_and_several() -> None:
    one = app()
    several = app(sources=[{"path": "a/"}, {"chart": "redis"}, {"path": "./b"}])

    assert list(one.paths()) == ["services/checkout"]
    assert [keys for keys, _ in one.sources] == [("spec", "source")]
    assert list(several.paths()) == ["a", "b"]
    assert [keys for keys, _ in several.sources] == [("spec", "sources", i) for i in range(3)]


def test_a_path_that_a_generator_fills_in_is_not_known() -> None:
    assert list(app(source={"path": "{{ .path.path }}"}).paths()) == []


def test_the_root_folder() -> None:
    assert list(app(source={"path": "."}).paths()) == [""]


@pytest.mark.parametrize(
    ("automated", "heals"),
    [
        ({"selfHeal": True}, True),
        ({"selfHeal": True, "enabled": False}, False),
        ({"prune": True}, False),
        ({}, False),
        (None, False),
    ],
)
def test_self_heal(automated: Any, *, heals: bool) -> None:
    assert app(syncPolicy={"automated": automated}).self_heal is heals


def test_the_template_of_a_set_is_its_application() -> None:
    found = app_set([])

    assert found.base == ("spec", "template", "spec")
    assert found.sources == []


@pytest.mark.parametrize("nested", [False, True])
def test_generators_find_folders(*, nested: bool) -> None:
    found = app_set(
        [{"path": "services/*"}, {"path": "services/_*", "exclude": True}], nested=nested
    )

    assert found.roots() == {"services"}
    assert found.generates("services/checkout")
    assert found.generates("services/checkout/overlays/prod")
    assert not found.generates("services/_template")
    assert not found.generates("services")
    assert not found.generates("apps/checkout")


@pytest.mark.parametrize(
    ("url", "pattern", "same"),
    [
        ("https://git.example.com/a/b.git", "https://git.example.com/a/b", True),
        ("git@git.example.com:a/b.git", "https://git.example.com/a/b", True),
        ("ssh://git@Git.Example.com:22/a/b", "https://git.example.com/a/b", True),
        ("https://git.example.com/a/b", "https://git.example.com/a/*", True),
        ("https://git.example.com/a/b", "*", True),
        ("https://git.example.com/a/b", "https://git.example.com/c/*", False),
        ("https://git.example.org/a/b", "https://git.example.com/a/b", False),
    ],
)
def test_one_repository_has_many_urls(url: str, pattern: str, *, same: bool) -> None:
    assert same_repository(url, pattern) is same
