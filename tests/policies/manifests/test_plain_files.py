"""One file of YAML or JSON: its objects, and what is wrong with it."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.plain_files import read_file
from flagstone.policies.manifests.snapshot import Problem, Skipped
from flagstone.policies.manifests.source_lines import SourceText

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"


def read(text, path="a.yaml"):
    data = text if isinstance(text, bytes) else text.encode()
    source = SourceText(lambda: text if isinstance(text, str) else None)
    return read_file(path, data, source, Limits())


def refs(reading):
    return [m.ref for m in reading.manifests]


def test_several_documents():
    reading = read(f"# head\n---\n{SERVICE}---\n---\n{SERVICE.replace('name: a', 'name: b')}")
    assert refs(reading) == ["Service/a", "Service/b"]
    assert [m.document for m in reading.manifests] == [0, 2]
    assert [m.line("metadata", "name") for m in reading.manifests] == [5, 10]
    assert len(reading.documents) == 2


def test_a_list_is_unrolled_and_its_items_know_their_lines():
    text = """\
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Service
    metadata: {name: a}
  - apiVersion: v1
    kind: ConfigMapList
    items:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
  - just text
"""
    reading = read(text)
    assert refs(reading) == ["Service/a", "ConfigMap/b"]
    assert [m.line("metadata") for m in reading.manifests] == [6, 10]


def test_the_items_of_a_typed_list_take_their_type_from_it():
    text = """\
apiVersion: apps/v1
kind: DeploymentList
items:
  - metadata: {name: a}
  - {apiVersion: v1, kind: Service, metadata: {name: b}}
"""
    reading = read(text)
    assert refs(reading) == ["Deployment/a", "Service/b"]
    assert [m.group for m in reading.manifests] == ["apps", ""]
    assert [m.line("metadata") for m in reading.manifests] == [4, 5]


def test_the_items_of_a_list_without_a_type_need_their_own():
    text = "apiVersion: v1\nkind: List\nitems:\n  - metadata: {name: a}\n"
    assert refs(read(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "replicas: 2\n",
        "services:\n  web: {image: x}\n",
        "on: push\njobs: {}\n",
        "apiVersion: v2\nname: chart\n",
        "apiVersion: 1\nkind: Service\n",
        "apiVersion: ''\nkind: Service\n",
        "- apiVersion: v1\n  kind: Service\n",
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n",
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: a}\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n",
        "apiVersion: flagstone.dev/v1\nkind: Scorecard\n",
    ],
)
def test_other_yaml_is_no_manifest(text):
    reading = read(text)
    assert (reading.manifests, reading.skipped, reading.problems) == ([], [], [])
    assert len(reading.documents) == 1


def test_flux_objects_are_manifests():
    text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
    assert refs(read(text)) == ["Kustomization/a"]


def test_a_parse_error_is_told_and_the_rest_read():
    reading = read(f"{SERVICE}---\nkind: [\n---\n{SERVICE.replace('name: a', 'name: c')}")
    words = "did not find expected node content while parsing a flow node that began on line 6"
    assert refs(reading) == ["Service/a", "Service/c"]
    assert reading.skipped == [Skipped("a.yaml", f"line 6: {words}")]
    assert reading.problems == [Problem("a.yaml", 6, "parse", f"This is not YAML: {words}")]


def test_a_parse_error_in_yaml_that_is_not_about_kubernetes_is_only_skipped():
    reading = read("a: [\n")
    assert reading.problems == []
    assert reading.skipped[0].path == "a.yaml"


def test_a_duplicate_key_is_a_problem_and_the_object_still_read():
    reading = read(f"{SERVICE}spec:\n  type: A\n  type: B\n")
    assert reading.manifests[0].spec == {"type": "B"}
    message = 'the key "type" is given twice in one mapping; only the last counts'
    assert reading.problems == [Problem("a.yaml", 6, "duplicate-key", message)]


@pytest.mark.parametrize(
    "text",
    [
        "{{- if .Values.on }}\napiVersion: v1\nkind: Service\n{{- end }}\n",
        'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include "x" . }}\n',
        "{% if cookiecutter.on %}\napiVersion: v1\n{% endif %}\n",
    ],
)
def test_templates_are_told_and_nothing_of_them_is_read(text):
    reading = read(f"{SERVICE}---\n{text}")
    assert reading.manifests == []
    assert reading.problems == []
    assert reading.skipped == [
        Skipped("a.yaml", "a template, not YAML: it has {{ }} that somebody has to render first")
    ]


def test_placeholders_of_argo_are_no_template():
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: a}\n"
        "spec: {query: \"up{x='{{args.x}}'}\"}\n"
    )
    assert refs(read(text)) == ["AnalysisTemplate/a"]
    broken = read(text + "x: {{args.y}}\n")
    assert broken.skipped[0].reason.endswith("outside of quotes is not YAML until it is rendered")


def test_a_name_that_is_a_placeholder_makes_a_template():
    reading = read("apiVersion: v1\nkind: Service\nmetadata:\n  name: ${{ values.name }}\n")
    assert reading.template is True
    assert refs(reading) == ["Service/${{ values.name }}"]
    assert len(reading.skipped) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF\0\0", "binary, not text"),
        ("a: grün".encode("latin-1"), "not text in UTF-8 or UTF-16"),
    ],
)
def test_what_is_not_text(data, reason):
    assert read(data).skipped == [Skipped("a.yaml", reason)]


def test_utf_16_is_read():
    assert refs(read(SERVICE.encode("utf-16"))) == ["Service/a"]


def test_hostile_documents_are_skipped_but_are_no_mistake_of_the_service():
    reading = read(f"{SERVICE}---\nx: {'[' * 200}\n")
    assert refs(reading) == ["Service/a"]
    assert reading.skipped == [Skipped("a.yaml", "line 5: nested more than 100 levels deep")]
    assert reading.problems == []


def test_json():
    text = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "name": "b"}}'
    reading = read(text, "a.json")
    assert refs(reading) == ["Service/b"]
    assert reading.problems[0].kind == "duplicate-key"
    assert reading.manifests[0].line("metadata") == 1


def test_json_of_others_is_not_even_parsed():
    reading = read("// tsconfig with comments\n{", "tsconfig.json")
    assert (reading.documents, reading.skipped) == ([], [])
