"""Judged in several processes, a repository gets the very same report."""

from __future__ import annotations

from pathlib import Path

from flagstone.policies.manifests.reading import read_folder
from flagstone.scorecards.engine.evaluation import evaluate
from tests.scorecards.engine.samples import (
    NOW,
    files_of,
    objects,
    policies,
    production_readiness,
)
from tests.scorecards.engine.test_grouping import renamed

SERVICES = 60


def repository(root: Path) -> Path:
    broken = objects("rollout", "service", "vs", "dr", "rules")
    del broken["rollout"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    files = files_of(broken)
    for number in range(SERVICES - 1):
        name = f"svc{number:03d}"
        files |= files_of(renamed(name, "rollout", "service", "vs", "dr"), f"services/{name}")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    for number in range(600):
        (root / f"values-{number}.yaml").write_text("a: 1\n---\nb: [\n")
    return root


def test_the_report_is_the_same(tmp_path: Path) -> None:
    root = repository(tmp_path)
    reports = [
        evaluate(
            read_folder(root, render=False, processes=processes),
            production_readiness(),
            policies(),
            now=NOW,
            processes=processes,
        )
        for processes in (1, 3)
    ]

    assert len(reports[0].services) == SERVICES
    assert reports[0] == reports[1]
    failing = next(one for one in reports[1].services if one.name == "checkout")
    (finding,) = next(check for check in failing.checks if check.id == "PB-02").findings
    assert (finding.path, finding.line) == ("services/checkout/manifests.yaml", 31)


def test_what_services_have_in_common_is_held_once(tmp_path: Path) -> None:
    report = evaluate(
        read_folder(repository(tmp_path), render=False),
        production_readiness(),
        policies(),
        now=NOW,
        processes=3,
    )

    words = {
        (check.id, check.state, check.summary)
        for service in report.services
        for check in service.checks
        if not check.findings
    }
    held = {id(check) for service in report.services for check in service.checks}
    with_findings = sum(len([c for c in one.checks if c.findings]) for one in report.services)
    assert len(held) == len(words) + with_findings
