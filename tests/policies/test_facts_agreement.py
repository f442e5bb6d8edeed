"""The reading model against FACTS.tsv: a plain reading of 77 real files by others, cell by cell."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flagstone.policies.manifests.kustomizations import GROUP as KUSTOMIZE
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.reading import read_folder
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.manifests.workloads import (
    Container,
    PodSpec,
    UnresolvedReference,
    pod_spec,
)
from tests.corpora import corpus

pytestmark = pytest.mark.corpus

TEMPLATE = "does not parse as YAML: Go template"
NO_KIND = "no kind (values or kustomize file)"
ELSEWHERE = "workloadRef: pod template lives elsewhere"


@pytest.fixture(scope="module")
def root() -> Path:
    return corpus("manifests")


@pytest.fixture(scope="module")
def facts(root) -> list[dict[str, str]]:
    with (root / "FACTS.tsv").open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t"))


@pytest.fixture(scope="module")
def snapshot(root) -> Snapshot:
    return read_folder(root, render=False)


def yes_no(value: Any) -> str:
    return "yes" if value else "no"


def container_facts(container: Container) -> dict[str, str]:
    return {
        "container": container.name,
        "init": yes_no(container.role != "app"),
        "readiness": yes_no(container.has_probe("readinessProbe")),
        "liveness": yes_no(container.has_probe("livenessProbe")),
        "startup": yes_no(container.has_probe("startupProbe")),
        "cpu_request": _text(container.resource("requests", "cpu")),
        "mem_request": _text(container.resource("requests", "memory")),
        "cpu_limit": _text(container.resource("limits", "cpu")),
        "mem_limit": _text(container.resource("limits", "memory")),
        "image": container.image,
    }


def rollout_facts(manifest: Manifest) -> dict[str, str]:
    strategy = mapping(manifest.spec.get("strategy"))
    (name,) = strategy
    canary = mapping(strategy.get("canary"))
    steps = [mapping(step) for step in sequence(canary.get("steps"))]
    # The table counts every experiment as an analysis, also one that only compares by eye.
    analysed = canary.get("analysis") or any(
        step.get("analysis") or step.get("experiment") for step in steps
    )
    found = {"rollout_strategy": name, "analysis": yes_no(analysed)}
    if name == "canary":
        found["canary_steps"] = str(len(steps))
        found["step_kinds"] = ",".join(kind for step in steps for kind in step)
        found["canary_traffic_routing"] = ",".join(mapping(canary.get("trafficRouting")))
    return found


def destination_facts(manifest: Manifest) -> dict[str, str]:
    policy = mapping(manifest.spec.get("trafficPolicy"))
    return {
        "outlier_detection": "top" if policy.get("outlierDetection") else "no",
        "connection_pool": "top" if policy.get("connectionPool") else "no",
    }


def route_facts(manifest: Manifest) -> dict[str, str]:
    routes = [mapping(route) for route in sequence(manifest.spec.get("http"))]
    return {
        "vs_retries": yes_no(any(route.get("retries") for route in routes)),
        "vs_timeout": yes_no(any(route.get("timeout") for route in routes)),
    }


KINDS = {
    "Rollout": rollout_facts,
    "DestinationRule": destination_facts,
    "VirtualService": route_facts,
}


def derived(manifest: Manifest, snapshot: Snapshot) -> list[dict[str, str]]:
    """The rows of one object, as FACTS.tsv has them: one for each container, else one."""
    row = {
        "file": manifest.path,
        "doc": str(manifest.document),
        "apiVersion": manifest.api_version,
        "kind": manifest.kind,
        "namespace": manifest.namespace,
        "name": manifest.name.removesuffix("*"),
        **KINDS.get(manifest.kind, lambda _: {})(manifest),
    }
    own = pod_spec(manifest, lambda *_: None)
    if isinstance(own, PodSpec):
        return [{**row, **container_facts(container)} for container in own.containers]
    if isinstance(own, UnresolvedReference):
        assert isinstance(pod_spec(manifest, snapshot.find), PodSpec)
        return [{**row, "note": ELSEWHERE}]
    return [row]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _filled(row: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((column, cell) for column, cell in row.items() if cell))


def test_every_file_is_there(root, facts, snapshot):
    with (root / "MANIFEST.tsv").open(newline="", encoding="utf-8") as table:
        listed = {row["file"] for row in csv.DictReader(table, delimiter="\t")}
    assert len(listed) == 77
    assert listed <= set(snapshot.paths())
    assert {row["file"] for row in facts} <= listed


def test_every_cell_agrees(facts, snapshot):
    templates = {row["file"] for row in facts if row["note"] == TEMPLATE}
    ours = Counter(
        _filled(row)
        for manifest in snapshot.manifests
        if manifest.path not in templates
        for row in derived(manifest, snapshot)
    )
    theirs = Counter(
        _filled(row)
        for row in facts
        if row["note"] not in {TEMPLATE, NO_KIND} and not row["apiVersion"].startswith(KUSTOMIZE)
    )
    assert sorted((ours - theirs).elements()) == []
    assert sorted((theirs - ours).elements()) == []
    assert theirs.total() == 121


def test_templates_are_told_and_never_read(facts, snapshot):
    reasons = {skipped.path: skipped.reason for skipped in snapshot.skipped}
    templates = {row["file"] for row in facts if row["note"] == TEMPLATE}
    assert len(templates) == 7
    assert reasons.keys() == templates
    assert all(reasons.values())


def test_what_has_no_kind_is_read_and_is_no_object(facts, snapshot):
    kindless = {row["file"] for row in facts if row["note"] == NO_KIND}
    assert len(kindless) == 7
    assert kindless.isdisjoint(manifest.path for manifest in snapshot.manifests)
    assert kindless.isdisjoint(skipped.path for skipped in snapshot.skipped)


def test_kustomizations_are_renderings_and_no_objects(facts, snapshot):
    files = {row["file"] for row in facts if row["apiVersion"].startswith(KUSTOMIZE)}
    folders = {file.rpartition("/")[0] for file in files}
    assert files.isdisjoint(manifest.path for manifest in snapshot.manifests)
    unrendered = {found.folder for found in snapshot.unrendered if found.tool == "kustomize"}
    assert unrendered <= folders
    assert folders - unrendered == {"fluxcd__flux2-kustomize-helm-example/apps/base/podinfo"}


def test_with_rendering_nothing_is_lost(root, snapshot):
    rendered = read_folder(root)
    assert {(m.kind, m.name) for m in rendered.manifests} >= {
        (m.kind, m.name) for m in snapshot.manifests
    }
    assert {skipped.path for skipped in rendered.skipped} == {
        skipped.path for skipped in snapshot.skipped
    }
    podinfo = next(m for m in rendered.manifests if m.origin == "stefanprodan__podinfo/kustomize")
    assert podinfo.unrendered_reason is None
