"""Kustomizations, rendered by real kubectl."""

from __future__ import annotations

import json

import pytest

from flagstone.policies.manifests import kustomize, kustomize_batches, tools
from flagstone.policies.manifests.reading import read_files, read_folder
from flagstone.policies.manifests.snapshot import Unrendered
from tests.corpora import design_example

DEPLOYMENT = """\
# the base
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: app
          image: example/web:1
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec: {}\n"
APP = {
    "base/kustomization.yaml": "resources: [all.yaml]\n",
    "base/all.yaml": f"{SERVICE}---\n{DEPLOYMENT}",
    "prod/kustomization.yaml": (
        "resources: [../base]\nnamespace: live\nnamePrefix: x-\n"
        "images: [{name: example/web, newTag: '2'}]\npatches: [{path: patch.yaml}]\n"
    ),
    "prod/patch.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"
    ),
}


@pytest.fixture(autouse=True)
def _kubectl():
    if tools.kustomize_command() is None:
        pytest.skip("neither kubectl nor kustomize is installed")


def read(files):
    return read_files({path: text.encode() for path, text in files.items()})


def test_an_overlay_is_rendered_and_its_sources_are_not_read_on_their_own():
    snapshot = read(APP)
    assert sorted(m.ref for m in snapshot.manifests) == [
        "Deployment/live/x-web",
        "Service/live/x-web",
    ]
    assert {m.origin for m in snapshot.manifests} == {"prod"}
    assert snapshot.unrendered == ()
    assert snapshot.problems == ()
    assert snapshot.documents == 5


def test_what_was_rendered_is_what_the_cluster_gets():
    deployment = read(APP).find("apps", "Deployment", "live", "x-web")
    assert deployment.at("spec", "replicas") == 3
    assert deployment.at("spec", "template", "spec", "containers", 0, "image") == "example/web:2"
    assert deployment.annotations == {}
    assert "annotations" not in deployment.metadata


def test_a_finding_can_name_the_line_of_the_source():
    deployment = read(APP).find("apps", "Deployment", "live", "x-web")
    assert (deployment.path, deployment.document) == ("base/all.yaml", 1)
    assert deployment.line("spec", "template", "spec", "containers", 0, "image") == 17
    assert deployment.line("spec", "replicas") == 12


def test_an_object_that_a_generator_made_stands_in_the_kustomization():
    files = {
        "app/kustomization.yaml": "configMapGenerator: [{name: conf, files: [app.ini]}]\n",
        "app/app.ini": "a=1\n",
    }
    (manifest,) = read(files).manifests
    assert manifest.path == "app/kustomization.yaml"
    assert manifest.kind == "ConfigMap"
    assert manifest.at("data", "app.ini") == "a=1\n"
    assert manifest.line("data") is None


def test_annotations_of_its_own_and_a_wish_for_origins_are_kept():
    files = {
        "app/kustomization.yaml": "resources: [a.yaml]\nbuildMetadata: [originAnnotations]\n",
        "app/a.yaml": SERVICE.replace("name: web", "name: web\n  annotations: {a: b}"),
    }
    (manifest,) = read(files).manifests
    assert manifest.annotations == {"a": "b", "config.kubernetes.io/origin": "path: a.yaml\n"}


def test_two_overlays_of_one_base_are_two_renderings():
    files = {**APP, "dev/kustomization.yaml": "resources: [../base]\nnamespace: dev\n"}
    snapshot = read(files)
    assert sorted((m.ref, m.origin) for m in snapshot.manifests) == [
        ("Deployment/dev/web", "dev"),
        ("Deployment/live/x-web", "prod"),
        ("Service/dev/web", "dev"),
        ("Service/live/x-web", "prod"),
    ]
    assert snapshot.problems == ()


def test_a_base_is_shown_where_another_overlay_fails():
    files = {**APP, "dev/kustomization.yaml": "resources: [../base, missing.yaml]\n"}
    snapshot = read(files)
    assert snapshot.unrendered == (
        Unrendered("dev", "kustomize", "it reads missing.yaml, which is not there"),
    )
    assert {m.origin for m in snapshot.manifests} == {"prod"}


def test_kustomize_says_what_is_wrong_and_nothing_names_our_folders():
    patch = "[{op: replace, path: /spec/x, value: 1}]"
    files = {
        "app/kustomization.yaml": (
            f"resources: [a.yaml]\npatches: [{{patch: '{patch}', target: {{kind: Service}}}}]\n"
        ),
        "app/a.yaml": SERVICE,
    }
    snapshot = read(files)
    (unrendered,) = snapshot.unrendered
    assert "/spec/x" in unrendered.reason
    assert "/tmp" not in unrendered.reason
    assert snapshot.manifests[0].unrendered_reason == (
        f"kustomize could not render app: {unrendered.reason}"
    )


def test_a_remote_base_is_not_fetched(monkeypatch):
    def refuse(*_args):
        raise AssertionError("the tool was started")

    monkeypatch.setattr(kustomize, "run_tool", refuse)
    files = {
        "app/kustomization.yaml": "resources: ['https://example.com/x.yaml', a.yaml]\n",
        "app/a.yaml": SERVICE,
    }
    snapshot = read(files)
    assert snapshot.unrendered[0].reason == (
        "it builds on https://example.com/x.yaml, which is remote and is not fetched"
    )
    assert snapshot.manifests[0].unrendered_reason is not None


def test_without_a_tool_all_is_unknown_but_shown(monkeypatch):
    monkeypatch.setattr(tools, "find_tool", lambda _name: None)
    snapshot = read(APP)
    reason = "neither kubectl nor kustomize is installed"
    assert snapshot.unrendered == (Unrendered("prod", "kustomize", reason),)
    assert sorted(m.ref for m in snapshot.manifests) == [
        "Deployment/web",
        "Deployment/web",
        "Service/web",
    ]
    assert {m.unrendered_reason for m in snapshot.manifests} == {
        f"kustomize could not render prod: {reason}"
    }


def test_the_root_itself_is_a_kustomization():
    files = {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": SERVICE, "b/c.yaml": SERVICE}
    snapshot = read(files)
    assert [(m.path, m.origin) for m in snapshot.manifests] == [("b/c.yaml", None), ("a.yaml", "")]


def test_links_do_not_lead_the_renderer_out(tmp_path):
    (tmp_path / "secret.yaml").write_text(SERVICE.replace("web", "secret"))
    app = tmp_path / "root" / "app"
    app.mkdir(parents=True)
    (app / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    (app / "a.yaml").symlink_to(tmp_path / "secret.yaml")
    snapshot = read_folder(tmp_path / "root")
    assert snapshot.manifests == ()
    assert snapshot.unrendered[0].reason == "it reads a.yaml, which is not there"


def test_the_design_example_renders_with_lines(monkeypatch):
    snapshot = read_folder(design_example("k8s"))
    rollout = snapshot.find("argoproj.io", "Rollout", "payments", "checkout")
    assert rollout.path == "base/rollout.yaml"
    assert rollout.origin == "overlays/prod"
    image = rollout.at("spec", "template", "spec", "containers", 0, "image")
    assert image.endswith(
        "@sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
    )
    hpa = snapshot.find("autoscaling", "HorizontalPodAutoscaler", "payments", "checkout")
    assert hpa.at("spec", "minReplicas") == 6
    assert snapshot.skipped == ()


class TestTogether:
    """Many kustomizations by one run: the same answers as one by one, only sooner."""

    @staticmethod
    def services(count, **changes):
        files = {}
        for number in range(count):
            files[f"s{number}/kustomization.yaml"] = (
                f"resources: [all.yaml]\nnamespace: n{number}\n"
            )
            files[f"s{number}/all.yaml"] = f"{SERVICE}---\n{DEPLOYMENT}"
        return {**files, **changes}

    @staticmethod
    def answers(files, monkeypatch, together):
        monkeypatch.setattr(kustomize_batches, "_TOGETHER", together)
        runs = []
        run_tool = tools.run_tool
        monkeypatch.setattr(
            kustomize, "run_tool", lambda *args: runs.append(args) or run_tool(*args)
        )
        snapshot = read(files)
        monkeypatch.undo()
        said = [
            (json.dumps(m.raw), m.path, m.document, m.origin, m.line("spec"))
            for m in snapshot.manifests
        ]
        return said, snapshot.unrendered, len(runs)

    @pytest.mark.parametrize(
        ("changes", "runs"),
        [
            ({}, 1),
            (
                {"s1/kustomization.yaml": "resources: [all.yaml]\nnamespace: n1\nnamePrefix: x-\n"},
                2,
            ),
            # one broken: every one by itself
            ({"s1/all.yaml": "apiVersion: v1\nkind: Service\nmetadata: {}\n"}, 5),
            # the same objects twice: every one by itself
            ({"s1/kustomization.yaml": "resources: [all.yaml]\nnamespace: n0\n"}, 5),
            # a base that two share: a run of its own
            (
                {
                    "s1/kustomization.yaml": "resources: [../s0]\nnamespace: n1\n",
                    "s2/kustomization.yaml": "resources: [../s0]\nnamespace: n2\n",
                },
                2,
            ),
        ],
        ids=["plain", "prefix", "broken", "same", "shared"],
    )
    def test_as_one_by_one(self, monkeypatch, changes, runs):
        files = self.services(4, **changes)
        together = self.answers(files, monkeypatch, together=20)
        alone = self.answers(files, monkeypatch, together=1)
        assert together[:2] == alone[:2]
        assert len(together[0]) >= 6
        assert together[2] == runs
