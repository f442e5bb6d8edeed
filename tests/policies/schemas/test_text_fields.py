"""Text that YAML takes for something else: what the message says of it."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.reading import read_files
from flagstone.policies.schemas.text_fields import text_problems


def problems(text: str) -> list[tuple[str, int | None]]:
    snapshot = read_files({"a.yaml": text.encode()}, render=False)
    return [
        (problem.message, manifest.line(*problem.keys))
        for manifest in snapshot.manifests
        for problem in text_problems(manifest)
    ]


@pytest.mark.parametrize(
    ("metadata", "place", "found"),
    [
        ("namespace: no", "namespace", 'YAML reads no as the boolean false: quote it, "no"'),
        (
            "labels: {version: 1.10}",
            "labels.version",
            'YAML reads 1.10 as the number 1.1: quote it, "1.10"',
        ),
        (
            "labels: {version: 014}",
            "labels.version",
            'YAML reads 014 as the number 12: quote it, "014"',
        ),
        (
            "annotations: {sidecar.istio.io/inject: true}",
            'annotations["sidecar.istio.io/inject"]',
            'YAML reads true as a boolean: quote it, "true"',
        ),
        (
            "annotations: {a: [1]}",
            "annotations.a",
            "is a list: write it as a block of text (`|`)",
        ),
    ],
)
def test_it_says_what_yaml_reads_and_how_to_write_it(metadata: str, place: str, found: str) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  {metadata}\n"

    assert problems(text) == [(f"metadata.{place} must be text, and {found}", 5)]


def test_every_place_of_a_workload_that_holds_text() -> None:
    text = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: 1}
spec:
  jobTemplate:
    metadata: {labels: {a: 2}}
    spec:
      selector: {matchLabels: {a: 3}}
      template:
        metadata: {labels: {a: 4}, annotations: {a: 5}}
        spec:
          nodeSelector: {a: 6}
          initContainers: [{name: 7, image: 8, command: [9], args: [10]}]
          containers: [{env: [{name: 11, value: 12}, {name: port, value: "1"}, {name: empty, value: }]}]
"""
    found = [message.partition(" reads ")[2].partition(" ")[0] for message, _ in problems(text)]

    assert found == ["1", "2", "4", "5", "6", "7", "8", "9", "10", "11", "12"]


def test_numbers_where_numbers_belong_are_none_of_its_business() -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, generation: 3}
spec: {replicas: 3, paused: false, template: {spec: {hostNetwork: true, containers: [{name: app, stdin: true}]}}}
"""
    assert problems(text) == []


def test_json_and_the_items_of_a_list_are_read_alike() -> None:
    secret = '{"apiVersion": "v1", "kind": "Secret", "stringData": {"pin": 12}}'
    text = f'{{"apiVersion": "v1", "kind": "List", "items": [{secret}]}}'

    assert problems(text) == [
        ('stringData.pin must be text, and YAML reads 12 as a number: quote it, "12"', 1)
    ]


def test_without_the_source_the_value_is_shown() -> None:
    secret = Manifest({"kind": "Secret", "apiVersion": "v1", "data": {"pin": 1.5}}, "a.yaml")

    assert [problem.message for problem in text_problems(secret)] == [
        "data.pin must be text, and is the number 1.5: quote it where it is written"
    ]
