"""How kustomizations build on each other."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.kustomizations import Kustomizations, is_kustomization


def closures(kustomizations, files=()):
    documents = {f"{folder}/kustomization.yaml": data for folder, data in kustomizations.items()}
    return {c.folder: c for c in Kustomizations(documents, [*documents, *files]).renderings()}


def obstacle(data, files=()):
    return closures({"app": data}, files)["app"].obstacle


def test_only_leaves_are_rendered_each_with_all_it_reads():
    found = closures(
        {
            "base": {"resources": ["a.yaml"]},
            "prod": {
                "resources": ["../base"],
                "patches": [{"path": "p.yaml"}, {"patch": "inline"}],
            },
            "dev": {"bases": ["../base/"], "components": ["../part"]},
            "part": {"kind": "Component", "resources": ["./b.yaml"]},
        },
        ["base/a.yaml", "prod/p.yaml", "part/b.yaml"],
    )
    assert {folder: closure.obstacle for folder, closure in found.items()} == {
        "prod": None,
        "dev": None,
    }
    assert found["prod"].files == {
        "prod/kustomization.yaml",
        "prod/p.yaml",
        "base/kustomization.yaml",
        "base/a.yaml",
    }
    assert "part/b.yaml" in found["dev"].files


def test_the_root_can_be_built_on():
    documents = {"kustomization.yaml": {}, "prod/kustomization.yaml": {"resources": [".."]}}
    found = Kustomizations(documents, list(documents)).renderings()
    assert [closure.folder for closure in found] == ["prod"]
    assert found[0].files == set(documents)


def test_every_kind_of_reference_is_followed():
    data = {
        "resources": ["r.yaml"],
        "crds": ["c.json"],
        "configurations": ["conf.yaml"],
        "generators": ["g.yaml"],
        "transformers": ["t.yaml", "apiVersion: builtin\nkind: X\n"],
        "validators": ["v.yaml"],
        "patchesStrategicMerge": ["s.yaml", "kind: Service\nmetadata: {}\n"],
        "patchesJson6902": [{"path": "j.yaml", "target": {}}],
        "replacements": [{"path": "rep.yaml"}, {"source": {}}],
        "openapi": {"path": "schema.json"},
        "configMapGenerator": [
            {"files": ["app.ini", "key=other.ini"], "envs": [".env"], "env": "one.env"}
        ],
        "secretGenerator": [{"files": ["tls.crt"]}],
    }
    files = [
        "app/r.yaml", "app/c.json", "app/conf.yaml", "app/g.yaml", "app/t.yaml", "app/v.yaml",
        "app/s.yaml", "app/j.yaml", "app/rep.yaml", "app/schema.json", "app/app.ini",
        "app/other.ini", "app/.env", "app/one.env", "app/tls.crt",
    ]  # fmt: skip
    (closure,) = closures({"app": data}, files).values()
    assert closure.obstacle is None
    assert closure.files == {"app/kustomization.yaml", *files}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            {"resources": ["https://example.com/a.yaml"]},
            "it builds on https://example.com/a.yaml, which is remote and is not fetched",
        ),
        (
            {"resources": ["github.com/org/repo//deploy?ref=v1"]},
            "it builds on github.com/org/repo//deploy?ref=v1, which is remote and is not fetched",
        ),
        (
            {"bases": ["git@github.com:org/repo"]},
            "it builds on git@github.com:org/repo, which is remote and is not fetched",
        ),
        (
            {"resources": ["../../etc/passwd"]},
            "it reads ../../etc/passwd, which is outside of the folder that was read",
        ),
        ({"resources": ["missing.yaml"]}, "it reads missing.yaml, which is not there"),
        ({"patches": [{"path": "p.yaml"}]}, "it reads p.yaml, which is not there"),
        ({"helmCharts": [{"name": "x"}]}, "it inflates a Helm chart, which is not fetched"),
        (
            {"kind": "Component"},
            "a Component is rendered only as part of an overlay, and none names it",
        ),
        (None, "its kustomization file cannot be read"),
    ],
)
def test_what_stands_in_the_way(data, reason):
    assert obstacle(data) == reason


def test_an_obstacle_below_is_an_obstacle_above():
    found = closures({"base": {"resources": ["x.yaml"]}, "prod": {"resources": ["../base"]}})
    assert found["prod"].obstacle == "it reads x.yaml, which is not there"


def test_two_files_in_one_folder():
    documents = {"a/kustomization.yaml": {}, "a/kustomization.yml": {}}
    (closure,) = Kustomizations(documents, list(documents)).renderings()
    assert closure.obstacle == "the folder has 2 kustomization files"


def test_a_circle_is_told_and_not_followed_for_ever():
    found = closures({"a": {"resources": ["../b"]}, "b": {"resources": ["../a"]}})
    assert {c.folder: c.obstacle for c in found.values()} == {
        "a": "it builds on itself in a circle"
    }


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("a/kustomization.yaml", {"resources": []}, True),
        ("Kustomization", {"apiVersion": "kustomize.config.k8s.io/v1beta1"}, True),
        ("kustomization.yml", {"kind": "Component"}, True),
        ("kustomization.yaml", {"apiVersion": "kustomize.toolkit.fluxcd.io/v1"}, False),
        ("kustomization.yaml", {"kind": "Service"}, False),
        ("kustomization.yaml", ["a"], False),
        ("other.yaml", {"resources": []}, False),
    ],
)
def test_is_kustomization(path, value, expected):
    assert is_kustomization(path, value) is expected


@pytest.mark.parametrize("junk", [1, "text", [None, 3, {}], {"path": 4}, [{"files": [1]}]])
def test_junk_in_every_field(junk):
    fields = ["resources", "patches", "openapi", "configMapGenerator", "helmCharts", "components"]
    assert obstacle(dict.fromkeys(fields[:4], junk)) in {None, "it reads text, which is not there"}
