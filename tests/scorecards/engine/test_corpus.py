"""Agreement with a plain reading of 77 files that others wrote."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from typing import Any

import pytest

from flagstone.policies.manifests.reading import read_folder
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import Report
from flagstone.scorecards.engine.states import State
from tests.corpora import corpus
from tests.scorecards.engine.samples import NOW, policies, production_readiness

pytestmark = pytest.mark.corpus


@cache
def scored() -> Report:
    snapshot = read_folder(corpus("manifests"), render=False)
    return evaluate(snapshot, production_readiness(), policies(), now=NOW)


def facts() -> list[dict[str, str]]:
    with (corpus("manifests") / "FACTS.tsv").open() as table:
        return list(csv.DictReader(table, delimiter="\t"))


def faulty(check_id: str) -> dict[str, set[tuple[str, str]]]:
    """By file, the object and container that fail a check."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for service in scored().services:
        for check in service.checks:
            if check.id == check_id and check.state is State.FAIL:
                for finding in check.findings:
                    found[finding.path].add((finding.object.rpartition("/")[2], finding.container))
    return found


def judged(check_id: str) -> set[str]:
    """The names of the services that a check decided."""
    states = {State.PASS, State.FAIL, State.WARN}
    return {
        service.name
        for service in scored().services
        for check in service.checks
        if check.id == check_id and check.state in states
    }


def test_every_file_is_read_or_explained() -> None:
    explained = {skipped.path for skipped in scored().skipped}
    broken = {row["file"] for row in facts() if row["note"].startswith("does not parse")}

    assert broken <= explained
    assert all(skipped.reason for skipped in scored().skipped)


def test_no_check_breaks_on_real_files() -> None:
    broken = [
        (service.ref, check.id, check.summary)
        for service in scored().services
        for check in service.checks
        if check.state is State.ERROR
    ]

    assert broken == []


def test_every_workload_is_in_some_service() -> None:
    names = {service.name for service in scored().services}
    kinds = {"Deployment", "StatefulSet", "Rollout", "CronJob", "ReplicaSet"}
    lent = {"rollout-ref-deployment"}

    missing = {row["name"] for row in facts() if row["kind"] in kinds} - names - lent

    assert missing == set()


@pytest.mark.parametrize(("check_id", "column"), [("PB-01", "readiness"), ("PB-02", "liveness")])
def test_probes_agree(check_id: str, column: str) -> None:
    decided, found = judged(check_id), faulty(check_id)
    compared = 0
    for row in facts():
        if row["container"] and row["init"] == "no" and row["name"] in decided:
            fails = (row["name"], row["container"]) in found[row["file"]]
            assert fails == (row[column] == "no"), (check_id, row)
            compared += 1
    assert compared > 20


def test_resources_agree() -> None:
    decided, found = judged("RS-01"), faulty("RS-01")
    compared = 0
    for row in facts():
        if row["container"] and row["name"] in decided:
            complete = row["cpu_request"] and row["mem_request"] and row["mem_limit"]
            fails = (row["name"], row["container"]) in found[row["file"]]
            assert fails == (not complete), row
            compared += 1
    assert compared > 30


def _rows(kind: str) -> list[dict[str, Any]]:
    return [row for row in facts() if row["kind"] == kind]


def test_rollouts_agree() -> None:
    routing, analysed = faulty("RO-08"), faulty("RO-05")
    for row in _rows("Rollout"):
        if row["rollout_strategy"] != "canary":
            continue
        if row["canary_traffic_routing"]:
            assert (row["name"], "") not in routing[row["file"]], row
        if row["analysis"] == "no":
            assert (row["name"], "") in analysed[row["file"]], row


def test_outlier_detection_and_pools_agree() -> None:
    ejection, pools = faulty("DR-02"), faulty("DR-01")
    compared = 0
    for row in _rows("DestinationRule"):
        about = (row["name"], "")
        if row["outlier_detection"] == "no":
            assert about in ejection[row["file"]], row
        if row["connection_pool"] == "no":
            assert about in pools[row["file"]], row
        compared += 1
    assert compared > 10


def test_routes_agree() -> None:
    timeouts, retries = faulty("VS-01"), faulty("VS-02")
    skipped = set()
    for row in _rows("VirtualService"):
        about = (row["name"], "")
        if about in timeouts[row["file"]] or about in retries[row["file"]]:
            assert row["vs_timeout"] == "no", row
            assert row["vs_retries"] == "no", row
        else:
            skipped.add(row["name"])
    assert skipped == set()


def test_unknown_fields_agree_with_the_crds() -> None:
    found = faulty("DR-05")
    with (corpus("manifests") / "CRD_CHECK.tsv").open() as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["kind"] in {"DestinationRule", "VirtualService"}:
                assert bool(found[row["file"]]) == bool(row["fields_the_crd_does_not_know"]), row
