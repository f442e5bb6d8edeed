"""Rendered again, from what was kept of it: the same files, in the same order, from the same time and chance."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import yaml

from flagstone.scaffolding.engine.again import render_again
from flagstone.scaffolding.engine.plan import render
from flagstone.scaffolding.engine.provenance import PATH, ProvenanceRecord
from flagstone.scaffolding.engine.scaffold import load_scaffold
from flagstone.scaffolding.errors import TemplateError, UnsafeTemplate

TEMPLATE = """
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: steady}
spec:
  owner: group:default/platform
  type: service
  parameters:
    - properties:
        name: {type: string}
        zone: {type: string, default: z}
        also: {type: string, default: a}
        free: {type: object, default: {zz: 1, aa: 2}}
  steps:
    - id: skeleton
      action: fetch:template
      each: [alpha, beta]
      input:
        url: ./skeleton
        targetPath: ./service
        values:
          n: ${{ each.value }}
          fixed: {zoo: 1, ant: 2}
          free: ${{ parameters.free }}
          all: ${{ parameters }}
    - id: drawn
      action: fetch:cookiecutter
      input: {url: ./drawn, targetPath: ./service, values: {name: "${{ parameters.name }}"}}
    - id: publish
      action: publish:github
      input: {repoUrl: "github.com?owner=acme&repo=${{ parameters.name }}", sourcePath: ./service}
"""
ORDER = (
    "{% for k, v in values.fixed %}${{ k }} {% endfor %}"
    "{% for k, v in values.free %}${{ k }} {% endfor %}${{ values.all | dump }}\n"
)
GIVEN = {
    "user": {"ref": "user:default/maria", "entity": {"metadata": {"name": "maria"}}},
    "environment": {},
    "now": datetime(2026, 11, 23, 12, tzinfo=UTC),
}


@pytest.fixture
def scaffold(tmp_path):
    folder = tmp_path / "scaffolds" / "steady"
    (folder / "skeleton").mkdir(parents=True)
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "skeleton" / "${{ values.n }}.txt").write_text(ORDER)
    top = folder / "drawn" / "{{cookiecutter.name}}"
    top.mkdir(parents=True)
    declared = {
        "name": "x",
        "word": "{{ random_ascii_string(9) }}",
        "more": {"b": "{{ random_ascii_string(9) }}", "a": "1"},
        "__hidden": "{{ random_ascii_string(9) }}",
    }
    (folder / "drawn" / "cookiecutter.json").write_text(json.dumps(declared))
    for name in ("one.txt", "two.txt"):
        (top / name).write_text(
            "{{ cookiecutter.word }} {{ cookiecutter.__hidden }} {{ random_ascii_string(9) }} {{ uuid4() }} "
            "{{ range(9999) | random }} {% now 'utc', '%Y-%m-%d %H:%M:%S' %} {{ cookiecutter.more }}\n"
        )
    return load_scaffold(folder, root=folder.parent)


def of_its_own_file(rendered) -> ProvenanceRecord:
    return ProvenanceRecord.from_json(yaml.safe_load(rendered.service.files[PATH].content))


def again(record, scaffold):
    layers = {layer.digest: layer for layer in scaffold.layers.values()}

    @contextmanager
    def kept(layer):
        yield layers[layer.digest]

    return render_again(record, kept)["service"]


def test_the_file_beside_a_service_is_enough(scaffold):
    rendered = render(scaffold, {"name": "checkout"}, **GIVEN)
    assert again(of_its_own_file(rendered), scaffold) == rendered.service


def the_layers_lead_to(target):
    return lambda record: record["layers"][0].update(target=target)


def the_edits_are(*edits):
    return lambda record: record.update(edits=[{"after": 3, **edit} for edit in edits])


ABSOLUTE = "'{}' is absolute; write it from the workspace, such as ./service"
TAKE = {"take": "service", "folder": "service", "into": ""}


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (the_layers_lead_to("../../../tmp"), "'../../../tmp' has the part '..'"),
        (the_layers_lead_to("/etc"), ABSOLUTE.format("/etc")),
        (the_layers_lead_to("service/.git"), "'service/.git' has the part '.git'"),
        (the_layers_lead_to("./service"), "'./service' is written 'service'"),
        (the_layers_lead_to(None), "None is no path"),
        (the_edits_are({"write": "../../x", "content": "x"}), "'../../x' has the part '..'"),
        (the_edits_are({"write": "x", "content": 1}), "1 is no text"),
        (the_edits_are({"rename": "a", "to": "/x", "overwrite": True}), ABSOLUTE.format("/x")),
        (the_edits_are({"add": "service", "path": ".git/config", "content": "x"}), "'.git/config' has the part '.git'"),
        (the_edits_are({"add": "elsewhere", "path": "x", "content": "x"}), "'elsewhere' is neither service nor gitops"),
        (the_edits_are({**TAKE, "into": "../.."}), "'../..' has the part '..'"),
        (the_edits_are({**TAKE, "folder": "/"}), ABSOLUTE.format("/")),
        (the_edits_are({}), "lacks 'folder'"),
        (lambda record: record.pop("layers"), "lacks 'layers'"),
        (lambda record: record["layers"][0].update(kind="x"), "'x' is not a valid LayerKind"),
    ],
)  # fmt: skip
def test_a_record_that_was_tampered_with_leads_nowhere(scaffold, tamper, reason):
    record = yaml.safe_load(
        render(scaffold, {"name": "checkout"}, **GIVEN).service.files[PATH].content
    )
    tamper(record)
    with pytest.raises(TemplateError) as refused:
        ProvenanceRecord.from_json(record)
    assert refused.value.message == (
        f"{PATH}: is not as Flagstone wrote it ({reason}); restore it from the first commit"
    )


def test_what_comes_of_a_record_may_lie_where_it_lies(scaffold):
    record = yaml.safe_load(
        render(scaffold, {"name": "checkout"}, **GIVEN).service.files[PATH].content
    )
    the_edits_are({"write": "service/alpha.txt/x", "content": "x"}, TAKE)(record)
    with pytest.raises(UnsafeTemplate) as refused:
        again(ProvenanceRecord.from_json(record), scaffold)
    assert refused.value.message == (
        "service: would write 'alpha.txt/x', although 'alpha.txt' is a file"
    )


def test_mappings_keep_their_order(scaffold):
    rendered = render(scaffold, {"name": "checkout"}, **GIVEN)
    text = rendered.service.files["alpha.txt"].content.decode()
    assert text.startswith("zoo ant zz aa ")
    assert list(json.loads(text.partition("{")[1] + text.partition("{")[2])) == [
        "name",
        "zone",
        "also",
        "free",
    ]


def test_a_run_that_is_taken_up_again_writes_the_same(scaffold):
    first = render(scaffold, {"name": "checkout"}, **GIVEN)
    later = {**GIVEN, "now": datetime(2027, 1, 1, tzinfo=UTC)}
    second = render(scaffold, {"name": "checkout"}, **later, recorded=first.provenance.as_json())
    assert {"alpha.txt", "beta.txt"} < set(first.service.files)
    assert second.service == first.service


def test_another_run_draws_anew_and_tells_its_own_time(scaffold):
    first = render(scaffold, {"name": "checkout"}, **GIVEN)
    second = render(scaffold, {"name": "checkout"}, **GIVEN)
    one, two = (each.service.files["one.txt"].content.split() for each in (first, second))
    assert one[5:7] == two[5:7] == [b"2026-11-23", b"12:00:00"]
    assert all(mine != theirs for mine, theirs in zip(one[:4], two[:4], strict=True))


def test_files_draw_each_for_itself(scaffold):
    files = render(scaffold, {"name": "checkout"}, **GIVEN).service.files
    one, two = (files[name].content.split() for name in ("one.txt", "two.txt"))
    assert one[:2] == two[:2]
    assert one[2] != two[2]
    assert one[3] != two[3]
