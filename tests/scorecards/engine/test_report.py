"""The JSON of a report, and the question of the exit status."""

from __future__ import annotations

from flagstone.scorecards.engine.states import Severity
from tests.scorecards.engine.samples import files_of, objects, score, scorecard

TOOL = {"name": "flagstone", "version": "0"}


def test_the_json_has_exactly_the_promised_shape() -> None:
    found = objects("deployment", "service")
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    files = files_of(found) | {"notes.yaml": b"\xff\x00"}

    data = score(files, scorecard("PB-01", "PB-02")).as_dict(TOOL)

    assert data == {
        "tool": TOOL,
        "input": {
            "files": 2,
            "documents": 2,
            "skipped": [{"path": "notes.yaml", "reason": "binary, not text"}],
        },
        "services": [
            {
                "name": "checkout",
                "ref": "Deployment/payments/checkout",
                "score": 66,
                "level": None,
                "coverage": 1.0,
                "checks": [
                    {
                        "id": "PB-01",
                        "name": "Containers have a readiness probe",
                        "state": "pass",
                        "severity": "C",
                        "weight": 8,
                        "summary": "every app container has a readiness probe",
                        "remedy": data["services"][0]["checks"][0]["remedy"],
                        "findings": [],
                        "waived": [],
                    },
                    {
                        "id": "PB-02",
                        "name": "Containers have a liveness probe",
                        "state": "fail",
                        "severity": "H",
                        "weight": 4,
                        "summary": "Deployment/checkout: container app has no livenessProbe",
                        "remedy": data["services"][0]["checks"][1]["remedy"],
                        "findings": [
                            {
                                "path": "services/checkout/manifests.yaml",
                                "line": data["services"][0]["checks"][1]["findings"][0]["line"],
                                "rendered_by": "",
                                "object": "Deployment/payments/checkout",
                                "container": "app",
                                "message": "Deployment/checkout: container app has no livenessProbe",
                                "severity": "H",
                            }
                        ],
                        "waived": [],
                    },
                ],
                "waivers": [],
            }
        ],
        "waivers": [],
    }


def test_failing_at_a_severity() -> None:
    report = score(files_of(objects("deployment", "service")), scorecard("RO-01"))

    assert [report.fails_at(severity) for severity in Severity] == [False, True, True, True]
