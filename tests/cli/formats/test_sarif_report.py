"""SARIF 2.1.0: the structure that code scanning requires, and fingerprints that stay."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from flagstone.cli.formats.sarif_report import render
from flagstone.scorecards.engine.report import Report
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
                                "message": _TEXT,
                                "locations": {"minItems": 1, "items": _LOCATION},
                                "partialFingerprints": {
                                    "minProperties": 1,
                                    "additionalProperties": {"type": "string", "minLength": 16},
                                },
                                "suppressions": {
                                    "items": {
                                        "required": ["kind"],
                                        "properties": {"kind": {"enum": ["inSource", "external"]}},
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
    return [r["partialFingerprints"]["flagstoneFinding/v1"] for r in run(report)["results"]]


def test_fingerprints_differ_and_stay_when_lines_move() -> None:
    found = prints(bare())

    assert len(set(found)) == len(found) == 4
    assert prints(bare(indent="# a comment\n\n# and another\n")) == found


def test_what_is_exempt_is_suppressed_with_the_reason() -> None:
    result = run(bare(waived="restarts lose work"))["results"][0]

    assert result["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "waived: restarts lose work (until 2027-01-31)",
        }
    ]


def test_what_was_not_read_is_a_notification() -> None:
    found = run(bare(more={"some where/binary.yaml": b"\xff\x00"}))

    (note,) = found["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "not read: binary, not text"
    place = note["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "some%20where/binary.yaml"


@pytest.mark.parametrize("files", [{}, {"a.yaml": b"a: 1\n"}])
def test_nothing_found_is_still_sarif(files: dict[str, bytes]) -> None:
    assert run(score(files, scorecard("PB-01")))["results"] == []
