"""Objects against the CRDs of their kinds: what would be refused, and what would be dropped."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.core.errors import NotFound
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.reading import read_folder
from flagstone.policies.schemas.definitions import definitions_in
from flagstone.policies.schemas.schemas import Schemas
from tests.corpora import corpus, design_example

SPEC = {
    "type": "object",
    "required": ["unit", "size"],
    "properties": {
        "unit": {"type": "string", "enum": ["seconds", "bytes"]},
        "size": {"type": "integer", "minimum": 1},
        "width": {"x-kubernetes-int-or-string": True},
        "note": {"type": "string", "nullable": True, "pattern": "^[a-z]+$"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "pod": {"type": "object", "x-kubernetes-embedded-resource": True},
        "scale": {"type": "object", "properties": {"steps": {"type": "array", "items": {
            "type": "object", "properties": {"weight": {"type": "integer"}}}}}},
        "one": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    },
}  # fmt: skip
GOOD = {"unit": "seconds", "size": 1}


def crd(spec: Any = SPEC, **changes: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gauges.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Gauge", "plural": "gauges"},
            "scope": "Namespaced",
            "versions": [version],
            **changes,
        },
    }


def gauge(version: str = "v1", **spec: Any) -> Manifest:
    return Manifest(
        {
            "apiVersion": f"example.com/{version}",
            "kind": "Gauge",
            "metadata": {"name": "checkout", "labels": {"any": "label"}},
            "spec": GOOD | spec,
        },
        "gauge.yaml",
    )


def schemas(definition: dict[str, Any] | None = None) -> Schemas:
    return Schemas.for_objects([Manifest(definition or crd(), "crd.yaml")])


def told(manifest: Manifest, known: Schemas | None = None) -> list[tuple[tuple[Any, ...], str]]:
    return [(p.keys, p.message) for p in (known or schemas()).problems(manifest)]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"width": 5},
        {"width": "50%"},
        {"note": None},
        {"labels": {"any": "text"}},
        {"free": {"any": [1]}},
        {"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}},
        {"scale": {"steps": [{"weight": 5}]}},
        {"one": {"a": "x"}},
    ],
)
def test_what_the_schema_knows_fits(spec: dict[str, Any]) -> None:
    assert told(gauge(**spec)) == []


@pytest.mark.parametrize(
    ("spec", "keys", "message"),
    [
        ({"colour": 1}, ("spec", "colour"),
         ("spec.colour is no field of Gauge: the fields here are free, labels, note, one, pod, scale, size, unit, "
         "width")),
        ({"units": "s"}, ("spec", "units"), "spec.units is no field of Gauge: the field is called unit"),
        ({"weight": 5}, ("spec", "weight"),
         "spec.weight is no field of Gauge: it belongs to spec.scale.steps[] of a Gauge"),
        ({"scale": {"steps": [{"weihgt": 5}]}}, ("spec", "scale", "steps", 0, "weihgt"),
         "spec.scale.steps[0].weihgt is no field of Gauge: the field is called weight"),
        ({"size": "1"}, ("spec", "size"), "spec.size must be an integer, and is '1'"),
        ({"size": 0}, ("spec", "size"), "spec.size is not right: 0 is less than the minimum of 1"),
        ({"width": True}, ("spec", "width"), "spec.width must be an integer or a string, and is true"),
        ({"unit": "litres"}, ("spec", "unit"), "spec.unit is 'litres', and must be one of seconds, bytes"),
        ({"note": "A1"}, ("spec", "note"), "spec.note is not right: 'A1' does not match '^[a-z]+$'"),
        ({"labels": {"any": 5}}, ("spec", "labels", "any"), "spec.labels.any must be a string, and is 5"),
        ({"one": {"a": "x", "b": "y"}}, ("spec", "one"), "spec.one may have only one of a, b"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_its_place(
    spec: dict[str, Any], keys: tuple[Any, ...], message: str
) -> None:
    assert told(gauge(**spec)) == [(keys, message)]


def test_fields_that_are_missing_are_told_together() -> None:
    manifest = gauge()
    del manifest.spec["unit"], manifest.spec["size"]
    assert told(manifest) == [(("spec",), "spec lacks unit and size")]


def test_unknown_fields_are_told_from_wrong_values() -> None:
    found = schemas().problems(gauge(colour=1, size="1"))
    assert {problem.keys[-1]: problem.unknown for problem in found} == {
        "colour": True,
        "size": False,
    }


def test_a_version_that_is_not_served_is_refused() -> None:
    assert told(gauge("v1beta1")) == [
        (("apiVersion",), "Gauge is not served as v1beta1, but as v1")
    ]


def test_the_only_schema_of_the_old_form_is_that_of_all_versions() -> None:
    old = crd(validation={"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}})
    old["spec"]["versions"] = [{"name": "v1", "served": True}, {"name": "v2", "served": True}]
    assert told(gauge("v2", size="1"), schemas(old)) == [
        (("spec", "size"), "spec.size must be an integer, and is '1'")
    ]


def test_of_a_kind_without_a_definition_nothing_is_said() -> None:
    known = Schemas()
    assert (known.source(gauge()), known.problems(gauge()), known.broken(gauge())) == (None, (), "")


def test_a_definition_that_is_no_schema_is_said_to_be_broken() -> None:
    known = schemas(crd({"type": "object", "required": 7}))
    assert known.problems(gauge()) == ()
    assert known.broken(gauge()) == (
        "the CRD in crd.yaml is no valid schema: "
        "properties.spec.required must be an array, and is 7"
    )


def test_what_no_schema_may_have_is_shown_as_data() -> None:
    known = schemas(crd({"type": "object", "properties": {"note": {"enum": []}}}))
    assert known.broken(gauge()) == (
        "the CRD in crd.yaml is no valid schema: "
        "properties.spec.properties.note.enum is [], which no schema may have there"
    )


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("^(?i)(abort|warn)?$", "ABORT", "stop"),
        ("^a(?i)b$", "aB", "AB"),
        (r"^[[:alpha:]]+\z", "abc", "a1"),
        (r"^\d+$", "12", "١٢"),
        ("^a$", "a", "a\n"),
        ("^a{,2}$", "a{,2}", "aa"),
        (r"^\p{Lu}{2}$", "AB", "Ab"),
        ("^[a&&b]+$", "&", "d"),
    ],
)
def test_patterns_are_those_of_go(pattern: str, fits: str, fails: str) -> None:
    known = schemas(
        crd({"type": "object", "properties": {"note": {"type": "string", "pattern": pattern}}})
    )
    for note, problems in ((fits, 0), (fails, 1)):
        manifest = Manifest({**gauge().raw, "spec": {"note": note}}, "gauge.yaml")
        assert (known.broken(manifest), len(known.problems(manifest))) == ("", problems)


@pytest.mark.parametrize("pattern", [r"^\Qa.b\E$", "(?U)^a+$", "^(", "^(?=a)"])
def test_a_pattern_that_only_another_engine_understands_refuses_nothing(pattern: str) -> None:
    known = schemas(
        crd({"type": "object", "properties": {"note": {"type": "string", "pattern": pattern}}})
    )
    manifest = Manifest({**gauge().raw, "spec": {"note": "other"}}, "gauge.yaml")
    assert (known.broken(manifest), known.problems(manifest)) == ("", ())


@pytest.mark.parametrize("junk", [None, 5, [], "x", {"versions": 5}, {"names": []}, {"group": 1}])
def test_a_definition_of_another_shape_defines_no_version(junk: Any) -> None:
    definition = crd()
    definition["spec"] = {**definition["spec"], **junk} if isinstance(junk, dict) else junk
    found = [p.keys for p in schemas(definition).problems(gauge(size="1"))]
    assert found == ([("apiVersion",)] if junk == {"versions": 5} else [])


def test_a_pattern_without_end_is_given_up() -> None:
    known = schemas(
        crd({"type": "object", "properties": {"note": {"type": "string", "pattern": "^(a+)+$"}}})
    )
    manifest = Manifest({**gauge().raw, "spec": {"note": "a" * 50_000 + "!"}}, "gauge.yaml")
    begun = time.monotonic()
    known.problems(manifest)
    known.problems(manifest)
    assert time.monotonic() - begun < 60


def test_only_the_files_that_may_define_the_kinds_are_parsed(tmp_path: Path) -> None:
    (tmp_path / "gauge.yaml").write_text(yaml.safe_dump(crd()))
    (tmp_path / "broken.yaml").write_text("kind: CustomResourceDefinition\nspec: [\n")
    (tmp_path / "readme.md").write_text("kind: Gauge CustomResourceDefinition")
    assert [d.source for d in definitions_in(tmp_path, kinds=["Gauge"])] == ["gauge.yaml"]
    assert list(definitions_in(tmp_path, kinds=["Other"])) == []
    assert [d.kind for d in definitions_in(tmp_path / "gauge.yaml", groups=["example.com"])] == [
        "Gauge"
    ]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        list(definitions_in(tmp_path / "crds", kinds=["Gauge"]))


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["manifests", "slo"])
def test_real_resources_agree_with_the_table(name: str) -> None:
    root = corpus(name)
    snapshot = read_folder(root, render=False)
    known = Schemas.for_objects(snapshot.manifests, corpus("crds"))
    ours = {
        (m.path, str(m.document), m.kind): "no" if known.problems(m) else "yes"
        for m in snapshot.manifests
        if known.source(m)
    }
    with (root / "CRD_CHECK.tsv").open(newline="", encoding="utf-8") as table:
        theirs = {
            (row["file"], row["doc"], row["kind"]): row["fits_crd_schema"]
            for row in csv.DictReader(table, delimiter="\t")
        }
    assert len(theirs) == {"manifests": 44, "slo": 2}[name]
    assert {key: ours.get(key) for key in theirs} == theirs
    assert set(ours.values()) == {"yes"}


@pytest.mark.corpus
def test_every_real_definition_is_usable() -> None:
    crds = read_folder(corpus("crds"), render=False).manifests
    known = Schemas.for_objects(crds)
    broken = {
        (definition.kind, version): known.broken(
            Manifest({"apiVersion": f"{definition.group}/{version}", "kind": definition.kind}, "a")
        )
        for definition in known.definitions
        for version in definition.schemas
    }
    assert len(known.definitions) == 13
    assert {key: reason for key, reason in broken.items() if reason} == {}


@pytest.mark.corpus
def test_the_unknown_fields_of_the_case_study_are_found_and_led_home() -> None:
    snapshot = read_folder(design_example("case-study"), render=False)
    known = Schemas.for_objects(snapshot.manifests, corpus("crds"))
    assert [p.message for m in snapshot.manifests for p in known.problems(m)] == [
        (
            "spec.trafficPolicy.outlierDetection.consecutive5xx is no field of DestinationRule: "
            "the field is called consecutive5xxErrors"
        ),
        "spec.trafficPolicy.retries is no field of DestinationRule: it belongs to spec.http[] of a VirtualService",
    ]


@pytest.mark.corpus
def test_the_verified_examples_fit() -> None:
    for part in ("k8s", "argocd", "observability", "policy", "chaos"):
        snapshot = read_folder(design_example(part), render=False)
        known = Schemas.for_objects(snapshot.manifests, corpus("crds"))
        assert [p.message for m in snapshot.manifests for p in known.problems(m)] == []
