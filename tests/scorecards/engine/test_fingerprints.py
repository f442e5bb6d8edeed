"""What a finding is known by."""

from __future__ import annotations

from typing import Any

from flagstone.scorecards.engine.reporting.fingerprints import fingerprints, named_place
from flagstone.scorecards.engine.reporting.report import Report
from tests.scorecards.engine.samples import as_yaml, objects, score, scorecard, service

CHECKS = ("PB-02", "RS-01", "RB-01")


def bare() -> dict[str, Any]:
    found = objects("deployment", "service")
    containers = found["deployment"]["spec"]["template"]["spec"]["containers"]
    del containers[0]["livenessProbe"]
    del containers[0]["resources"]
    return found


def prints(files: dict[str, bytes]) -> list[str]:
    return marks(score(files, scorecard(*CHECKS)))


def marks(report: Report) -> list[str]:
    return [mark for check in service(report).checks for mark in fingerprints(check)]


def text(found: dict[str, Any]) -> bytes:
    return as_yaml(list(found.values())).encode()


def test_places_go_by_names() -> None:
    root = {"a": {"containers": [{"name": "app"}, {"image": "x"}], "rules": [{"alert": "Down"}]}}

    assert named_place(root, ("a", "containers", 0, "image")) == "a.containers.[app].image"
    assert named_place(root, ("a", "containers", 1, "image")) == "a.containers.1.image"
    assert named_place(root, ("a", "rules", 0)) == "a.rules.[Down]"
    assert named_place(root, ("a", "gone", 3, "x")) == "a.gone.3.x"
    assert named_place(None, ()) == ""
    assert named_place({"a": [{"name": {"odd": 1}}]}, ("a", 0)) == "a.0"


def test_they_differ() -> None:
    found = prints({"a/all.yaml": text(bare())})

    assert len(found) == len(set(found)) == 5


def test_they_stay_when_lines_documents_containers_and_files_move() -> None:
    before = prints({"a/all.yaml": text(bare())})
    turned = bare()
    containers = turned["deployment"]["spec"]["template"]["spec"]["containers"]
    proxy = objects("deployment")["deployment"]["spec"]["template"]["spec"]["containers"][0]
    containers.insert(0, proxy | {"name": "proxy"})
    turned = {"service": turned["service"], "deployment": turned["deployment"]}

    assert prints({"a/new-name.yaml": b"# moved\n\n" + text(turned)}) == before


def test_another_object_container_or_check_is_another_finding() -> None:
    renamed = bare()
    renamed["deployment"]["metadata"]["name"] = "quote"
    other = bare()
    other["deployment"]["spec"]["template"]["spec"]["containers"][0]["name"] = "web"
    first = set(prints({"a/all.yaml": text(bare())}))

    runbook = prints({"a/all.yaml": text(bare())})[-1]
    assert first & set(prints({"a/all.yaml": text(renamed)})) == {runbook}
    assert first & set(prints({"a/all.yaml": text(other)})) == {runbook}


def test_a_second_fault_of_one_place_is_another_finding() -> None:
    (check,) = service(score({"a/all.yaml": text(bare())}, scorecard("PB-02"))).checks
    (finding,) = check.findings

    one, two = fingerprints(check, [finding, finding])

    assert one == fingerprints(check)[0]
    assert two != one


def test_a_workflow_goes_by_its_name_and_job() -> None:
    text = """
name: {name}
on: push
jobs: {{{job}: {{runs-on: x, steps: [{{uses: acme/tool@v4}}]}}}}
"""

    def found(path: str, name: str = "Tests", job: str = "unit", above: str = "") -> list[str]:
        body = above + text.format(name=name, job=job)
        return marks(score({f".github/workflows/{path}": body.encode()}, scorecard("CI-04")))

    first = found("ci.yaml")
    assert len(set(first)) == len(first) == 2  # the rights of the job, its step
    assert found("tests.yaml", above="# moved\n\n") == first
    assert not set(found("ci.yaml", name="Other")) & set(first)
    assert not set(found("ci.yaml", job="other")) & set(first)
