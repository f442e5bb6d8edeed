"""SARIF 2.1.0: the structure that code scanning requires, and fingerprints that stay."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import jsonschema
import pytest

from flagstone.cli.formats import sarif_report
from flagstone.cli.formats.sarif_report import pieces, render
from flagstone.scorecards.engine.reporting.baseline import compare, entries_of
from flagstone.scorecards.engine.reporting.report import Report
from flagstone.scorecards.engine.reporting.waivers import Exemption
from tests.scorecards.engine.samples import files_of, objects, score, scorecard

# What SARIF 2.1.0 and GitHub's code scanning require of the parts that are used.
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"minLength": 1}}}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": "^[^ ]+$"}},
                },
                "region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        }
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "https://json.schemastore.org/sarif-2.1.0.json"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {
                                            "required": [
                                                "id",
                                                "shortDescription",
                                                "fullDescription",
                                                "help",
                                                "defaultConfiguration",
                                            ],
                                            "properties": {
                                                "shortDescription": _TEXT,
                                                "fullDescription": _TEXT,
                                                "help": _TEXT,
                                                "defaultConfiguration": {
                                                    "properties": {"level": _LEVEL}
                                                },
                                                "properties": {"required": ["tags"]},
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": [
                                "ruleId",
                                "ruleIndex",
                                "level",
                                "message",
                                "locations",
                                "partialFingerprints",
                            ],
                            "properties": {
                                "level": _LEVEL,
                                "kind": {
                                    "enum": [
                                        "notApplicable",
                                        "pass",
                                        "fail",
                                        "review",
                                        "open",
                                        "informational",
                                    ]
                                },
                                "baselineState": {
                                    "enum": ["new", "unchanged", "updated", "absent"]
                                },
                                "message": _TEXT,
                                "locations": {"minItems": 1, "items": _LOCATION},
                                "partialFingerprints": {
                                    "minProperties": 1,
                                    "additionalProperties": {"type": "string", "minLength": 16},
                                },
                                "suppressions": {
                                    "items": {
                                        "required": ["kind"],
                                        "additionalProperties": False,
                                        "properties": {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "status": {
                                                "enum": ["accepted", "underReview", "rejected"]
                                            },
                                            "justification": {"type": "string"},
                                            "location": _LOCATION,
                                        },
                                    }
                                },
                            },
                        }
                    },
                    "invocations": {"items": {"required": ["executionSuccessful"]}},
                },
            },
        },
    },
}


def bare(waived: str = "", indent: str = "", **changes: Any) -> Report:
    found = objects("deployment", "service")
    template = found["deployment"]["spec"]["template"]["spec"]
    del template["containers"][0]["livenessProbe"]
    del template["containers"][0]["resources"]
    if waived:
        found["deployment"]["metadata"]["annotations"] = {
            "paved.example.com/waive.PB-02": f"{waived}; until 2027-01-31"
        }
    files = files_of(found)
    files = {path: indent.encode() + data for path, data in files.items()}
    return score(files | changes.get("more", {}), scorecard("PB-01", "PB-02", "RS-01", "PB-04"))


def run(report: Report) -> dict[str, Any]:
    data = json.loads(render(report))
    jsonschema.validate(data, SCHEMA)
    (found,) = data["runs"]
    return found


def test_it_has_the_structure_of_the_standard() -> None:
    found = run(bare())

    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PB-01", "PB-02", "PB-04", "RS-01"]
    assert [result["ruleId"] for result in found["results"]] == ["PB-02"] + ["RS-01"] * 3
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_whole_scorecard_has_the_structure_too() -> None:
    found = run(score(files_of(objects("deployment", "service", "dr"))))

    assert len(found["tool"]["driver"]["rules"]) > 45
    assert found["results"]


def test_a_rule_tells_why_and_how_to_mend() -> None:
    rule = run(bare())["tool"]["driver"]["rules"][1]

    assert rule["shortDescription"]["text"] == "Containers have a liveness probe"
    assert rule["defaultConfiguration"]["level"] == "error"
    assert re.match(r"\*\*Why:\*\* .+\n\n\*\*How to mend it:\*\* .+", rule["help"]["markdown"])
    assert rule["properties"]["tags"] == ["reliability", "severity-high"]


def test_a_result_points_at_file_line_and_object() -> None:
    result = run(bare())["results"][0]

    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"] == {
        "uri": "services/checkout/manifests.yaml",
        "uriBaseId": "ROOT",
    }
    assert place["region"]["startLine"] > 1
    assert (
        location["logicalLocations"][0]["fullyQualifiedName"] == "Deployment/payments/checkout/app"
    )


def prints(report: Report) -> list[str]:
    return [r["partialFingerprints"]["flagstoneFinding/v2"] for r in run(report)["results"]]


def test_fingerprints_differ_and_stay_when_lines_move() -> None:
    found = prints(bare())

    assert len(set(found)) == len(found) == 4
    assert prints(bare(indent="# a comment\n\n# and another\n")) == found


def test_what_is_waived_is_suppressed_with_reason_date_and_place() -> None:
    report = bare(waived="restarts lose work")
    result = run(report)["results"][0]

    (suppression,) = result["suppressions"]
    place = suppression.pop("location")["physicalLocation"]
    assert suppression == {
        "kind": "inSource",
        "status": "accepted",
        "justification": ("restarts lose work (until 2027-01-31, by Deployment/payments/checkout)"),
    }
    assert place["artifactLocation"]["uri"] == "services/checkout/manifests.yaml"
    assert place["region"]["startLine"] == 7
    assert prints(report) == prints(bare())  # a waiver makes no other finding of it


def test_an_approved_exemption_is_an_external_suppression() -> None:
    found = objects("deployment")
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    approved = Exemption("PB-02", "Deployment/payments/checkout", "agreed", date(2027, 1, 31))

    (result,) = run(score(files_of(found), scorecard("PB-02"), exemptions=[approved]))["results"]

    assert result["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "exempt: agreed (until 2027-01-31)",
        }
    ]


def test_a_waiver_that_is_worth_nothing_is_a_notification() -> None:
    found = objects("deployment")
    found["deployment"]["metadata"]["annotations"] = {"paved.example.com/waive.PB-99": "x"}

    data = run(score(files_of(found), scorecard("PB-02")))

    (note,) = data["invocations"][0]["toolExecutionNotifications"]
    assert note["level"] == "note"
    assert note["message"]["text"].startswith(
        "the waiver of PB-99 on Deployment/payments/checkout: there is no check 'PB-99'"
    )


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    assert not any("baselineState" in result for result in run(bare())["results"])


def test_with_a_baseline_each_result_says_how_it_stands_to_it() -> None:
    report = bare()
    before = [entry for entry in entries_of(report) if entry.check == "PB-02"]
    gone = replace(before[0], check="PB-04", fingerprint="f" * 32, message="it asks the same")

    found = run(compare(report, [*before, gone], exists=lambda _: True))["results"]

    assert [(r["ruleId"], r["baselineState"]) for r in found] == [
        ("PB-02", "unchanged"),
        *[("RS-01", "new")] * 3,
        ("PB-04", "absent"),
    ]
    assert found[-1]["message"]["text"] == "Not found any more: it asks the same"


def test_of_too_many_results_the_least_grave_are_left_out() -> None:
    report = bare(waived="restarts lose work")

    data = json.loads(render(report, most=2))["runs"][0]

    assert [result["ruleId"] for result in data["results"]] == ["RS-01", "RS-01"]
    assert data["invocations"][0]["toolExecutionNotifications"][0] == {
        "level": "warning",
        "message": {"text": "2 results are left out, the least grave; --format json has them all"},
    }


def test_what_was_not_read_is_a_notification() -> None:
    found = run(bare(more={"some where/binary.yaml": b"\xff\x00"}))

    (note,) = found["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "not read: binary, not text"
    place = note["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "some%20where/binary.yaml"


@pytest.mark.parametrize("files", [{}, {"a.yaml": b"a: 1\n"}])
def test_nothing_found_is_still_sarif(files: dict[str, bytes]) -> None:
    assert run(score(files, scorecard("PB-01")))["results"] == []


def test_paths_count_from_the_root_of_the_repository() -> None:
    report = bare(waived="restarts lose work", more={"x.yaml": b"\xff\x00"})

    data = json.loads(render(report, folder="some where/prod"))

    jsonschema.validate(data, SCHEMA)
    uris = set(re.findall(r'"uri": "([^"]*)"', json.dumps(data)))
    assert uris == {
        "some%20where/prod/services/checkout/manifests.yaml",
        "some%20where/prod/x.yaml",
    }


def test_what_several_services_share_is_one_result_with_all_their_names() -> None:
    entity = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\n"
    names = [f"s{number}" for number in range(7)]
    files = {f"{name}/catalog-info.yaml": (entity % name).encode() for name in names}
    files[".github/workflows/ci.yaml"] = b"""
on: push
jobs: {test: {runs-on: x, steps: [{uses: actions/checkout@v4}]}}
"""
    report = score(files)

    results = run(report)["results"]

    keys = [
        (
            result["ruleId"],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result["locations"][0]["physicalLocation"]["region"]["startLine"],
            result["message"]["text"],
        )
        for result in results
    ]
    assert len(keys) == len(set(keys))
    shared = [key for key in keys if key[1].startswith(".github")]
    assert shared
    every = [f"component:default/{name}" for name in names]
    assert all(
        result["properties"]["services"] == every
        for result in results
        if (result["ruleId"], result["message"]["text"]) in {(key[0], key[3]) for key in shared}
    )
    assert shared[0][3].endswith(f" (7 services: {', '.join(every[:5])} and 2 more)")


def test_the_text_is_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """All its words at once take ten times the memory of the document."""
    monkeypatch.setattr(sarif_report, "_WORDS", 100)
    report = bare()

    parts = list(pieces(report))

    text = "".join(parts)
    assert text == render(report) == json.dumps(json.loads(text), indent=1) + "\n"
    assert len(parts) > 2
