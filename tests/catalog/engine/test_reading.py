from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstone.catalog.engine.composing import Limits
from flagstone.catalog.engine.entities import ReadDocument
from flagstone.catalog.engine.faults import Level
from flagstone.catalog.engine.reading import MAX_PROBLEMS, read_file
from tests.corpora import corpus

GOOD = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Checkout
spec:
  type: service
  lifecycle: production
  owner: payments
"""


def problems(read: ReadDocument) -> list[tuple[str, str, int | None]]:
    return [(p.level.value, p.code, p.line) for p in read.problems]


def test_an_entity_says_who_and_where_it_is() -> None:
    (read,) = read_file("services/checkout/catalog-info.yaml", GOOD.encode())

    assert read.accepted
    assert (read.path, read.index, read.line) == ("services/checkout/catalog-info.yaml", 0, 1)
    assert (read.kind, read.namespace, read.name) == ("Component", "default", "Checkout")
    assert read.ref is not None
    assert read.ref.canonical == "component:default/checkout"
    assert read.spec_text("owner") == "payments"
    assert read.problems == ()


def test_every_document_is_judged_apart() -> None:
    text = (
        GOOD
        + "---\n"
        + GOOD.replace("payments", "[payments]")
        + "---\nkind: [\n---\n- a\n---\n\n---\n"
        + GOOD.replace("Checkout", "my service")
    )

    first, second, third, fourth, last = read_file("f.yaml", text.encode())

    assert first.accepted
    assert problems(second) == [("error", "catalog.field_invalid", 17)]
    assert second.ref == first.ref
    assert problems(third) == [("error", "catalog.yaml_invalid", 19)]
    assert third.ref is None
    assert problems(fourth) == [("error", "catalog.not_an_entity", 21)]
    assert problems(last) == [("error", "catalog.field_invalid", 28)]
    assert [d.index for d in (first, second, third, fourth, last)] == [0, 1, 2, 3, 5]
    assert [d.accepted for d in (second, third, fourth, last)] == [False] * 4


def test_a_problem_names_file_line_column_and_entity() -> None:
    (read,) = read_file("a/b.yaml", b"kind: Component\nmetadata:\n  name: x\n  name: y\n")

    (problem,) = read.problems
    assert problem.as_item() == {
        "level": "error",
        "code": "catalog.yaml_invalid",
        "message": 'The key "name" stands twice, first on line 3.',
        "path": "a/b.yaml",
        "line": 4,
        "column": 3,
    }


def test_a_reference_that_is_none_is_a_warning_and_the_entity_is_taken() -> None:
    (read,) = read_file("f.yaml", (GOOD + "  dependsOn:\n  - ledger\n").encode())

    assert read.accepted
    (problem,) = read.problems
    assert (problem.level, problem.code, problem.line) == (Level.WARNING, "catalog.ref_invalid", 10)
    assert problem.ref == "component:default/checkout"


def test_a_thousand_faults_are_told_as_fifty() -> None:
    tags = ", ".join(["UPPER"] * 1000)

    (read,) = read_file(
        "f.yaml", GOOD.replace("name: Checkout", f"name: a\n  tags: [{tags}]").encode()
    )

    assert len(read.problems) == MAX_PROBLEMS == 50


def test_limits_are_taken_from_the_caller() -> None:
    (read,) = read_file("f.yaml", GOOD.encode(), limits=Limits(max_bytes=10))

    assert not read.accepted
    assert problems(read) == [("error", "catalog.yaml_invalid", 1)]


@pytest.mark.corpus
def test_every_verdict_on_real_files_is_the_one_of_backstage() -> None:
    folder = corpus("catalog")
    with (folder / "EXPECTED.tsv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))

    found = {row["file"]: _verdicts(folder, row["file"]) for row in rows}

    columns = (
        "valid",
        "apiVersion",
        "kind",
        "namespace",
        "name",
        "type",
        "lifecycle",
        "owner",
        "system",
    )
    expected = {name: {} for name in found}
    for row in rows:
        expected[row["file"]][int(row["doc"])] = (
            *(row[column] for column in columns),
            row["location_targets"],
        )
    assert len(rows) == 57
    assert found == expected


def _verdicts(folder: Path, name: str) -> dict[int, tuple[str, ...]]:
    return {d.index: _verdict(d) for d in read_file(name, (folder / name).read_bytes())}


def _verdict(read: ReadDocument) -> tuple[str, ...]:
    targets = ""
    if read.kind == "Location":
        targets = str(len(read.spec.get("targets", [])) + ("target" in read.spec))
    fields = [read.spec_text(field) for field in ("type", "lifecycle", "owner", "system")]
    version = str((read.raw or {}).get("apiVersion", ""))
    accepted = "yes" if read.accepted else "no"
    return (accepted, version, read.kind, read.namespace, read.name, *fields, targets)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)
_FIELDS = st.sampled_from(
    ["apiVersion", "kind", "metadata", "spec", "name", "owner", "tags", "links", "targets", "$text"]
)
_KINDS = st.sampled_from(["Component", "Location", "Template", "Group", "User", "API", "Thing"])


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    for read in read_file("f.yaml", data):
        assert read.accepted or read.errors


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    _KINDS,
    st.dictionaries(_FIELDS, _VALUES | st.dictionaries(_FIELDS, _VALUES, max_size=4), max_size=5),
)
def test_no_shape_breaks_the_judgement(kind: str, body: dict[str, Any]) -> None:
    raw = {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": "a"}, **body}

    for read in read_file("f.yaml", json.dumps(raw).encode()):
        assert read.accepted or read.errors
        json.dumps(read.raw, allow_nan=False)
