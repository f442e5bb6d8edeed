"""`flagstone score`: its options, its exit status, and what it needs (nothing)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import OWNED, Run

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., Run]
SCORECARD = """\
apiVersion: flagstone.dev/v1
kind: Scorecard
metadata: {name: mine, title: My card}
spec:
  levels: [bronze]
  checks: [{id: PB-01, level: bronze}]
"""


def test_a_score_is_success_whatever_it_is(run: Command, repository: Path) -> None:
    found = run("score", repository)

    assert found.status == 0
    assert "checkout" in found.out
    assert found.err == ""


@pytest.mark.parametrize(
    ("severity", "status"),
    [
        ("C", 0), ("H", 1), ("M", 1), ("L", 1), ("critical", 0), ("high", 1), ("Medium", 1),
        ("LOW", 1), ("c", 0), ("h", 1),
    ],
)  # fmt: skip
def test_fail_on_asks_for_a_severity(
    run: Command, repository: Path, tmp_path: Path, severity: str, status: int
) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(SCORECARD.replace("PB-01", "PB-02"))  # of high severity, and it fails

    found = run("score", repository, "--fail-on", severity, "--scorecard", card)

    assert found.status == status
    assert found.out


def test_a_scorecard_of_your_own(run: Command, repository: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(SCORECARD)

    found = run("score", repository, "--scorecard", card, "--format", "json")

    data = json.loads(found.out)
    assert data["tool"]["scorecard"] == "mine"
    assert [check["id"] for check in data["services"][0]["checks"]] == ["PB-01"]
    assert data["services"][0]["level"] == "bronze"


def test_policies_of_your_own(run: Command, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "owner.yaml").write_text(OWNED)

    found = run("score", repository, "--policies", tmp_path / "policies", "--format", "json")

    checks = {check["id"]: check for check in json.loads(found.out)["services"][0]["checks"]}
    assert checks["mustbeowned"]["state"] == "fail"
    assert checks["PB-01"]["state"] == "no_data"


def test_one_file_can_be_scored(run: Command, repository: Path) -> None:
    found = run("score", repository / "services" / "checkout.yaml", "--format", "json")

    data = json.loads(found.out)
    assert [service["ref"] for service in data["services"]] == ["Deployment/payments/checkout"]


def test_an_empty_folder_says_what_was_looked_for(run: Command, tmp_path: Path) -> None:
    found = run("score", tmp_path)

    assert found.status == 0
    assert "services    none was found" in found.out


def test_the_report_goes_to_a_file(run: Command, repository: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.json"

    found = run("score", repository, "--format", "json", "--output", target)

    assert (found.status, found.out, found.err) == (0, "", "")
    assert json.loads(target.read_text())["services"]


def test_a_file_that_cannot_be_written(run: Command, repository: Path, tmp_path: Path) -> None:
    found = run("score", repository, "-o", tmp_path / "none" / "report.txt")

    assert found.status == 2
    assert found.err == (
        f"flagstone: {tmp_path}/none/report.txt cannot be written: No such file or directory\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument"),
        (["--format", "pdf", "."], "'pdf' is not one of"),
        (
            ["--fail-on", "X", "."],
            "'X' is no severity: say one of critical, high, medium, low, or its first letter.",
        ),
        (["--nonsense", "."], "No such option"),
    ],
)
def test_wrong_usage(run: Command, arguments: list[str], words: str) -> None:
    found = run("score", *arguments)

    assert found.status == 2
    assert words in found.err
    assert found.out == ""


def test_a_path_that_is_not_there(run: Command, tmp_path: Path) -> None:
    found = run("score", tmp_path / "none")

    assert found.status == 2
    assert found.err.startswith("flagstone: There is no folder")
    assert found.out == ""


def test_a_scorecard_that_cannot_be_used(run: Command, repository: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(SCORECARD.replace("PB-01", "PB-77"))

    found = run("score", repository, "--scorecard", card)

    assert found.status == 2
    assert found.err.startswith(f"flagstone: {card}:6: there is no check 'PB-77'")


def test_policies_that_cannot_be_used(run: Command, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("apiVersion: templates.gatekeeper.sh/v1\nkind: [\n")

    found = run("score", repository, "--policies", tmp_path)

    assert found.status == 2
    assert found.err.startswith(f"flagstone: the policies in {tmp_path} cannot be used:\n  broken.")


def test_a_folder_without_policies(run: Command, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    found = run("score", repository, "--policies", tmp_path / "empty")

    assert found.status == 2
    assert "holds no Gatekeeper policy" in found.err


def test_a_policy_that_needs_the_cluster_is_named(
    run: Command, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "external.yaml").write_text(
        """\
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: external}
spec:
  crd: {spec: {names: {kind: External}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package external
        violation[{"msg": "no"}] { external_data({"provider": "p", "keys": ["k"]}).errors[_] }
"""
    )

    found = run("score", repository, "--policies", tmp_path / "own", "--format", "json")

    assert found.status == 0
    assert "not evaluated" in found.err
    assert json.loads(found.out)["services"]


def test_version_and_help(run: Command) -> None:
    from flagstone import __version__

    assert run("--version").out == f"flagstone {__version__}\n"
    text = run("score", "--help").out
    for option in ("--format", "--fail-on", "--scorecard", "--policies", "--output"):
        assert option in text


def fresh(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with almost no environment and no settings."""
    code = "import sys; from flagstone.cli.main import main; sys.argv[0] = 'flagstone'; main()"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "platform"), **environment}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=env,
        check=False,
        timeout=120,
    )


def test_it_needs_no_django_no_settings_and_no_home(repository: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from flagstone.cli.main import main; sys.argv = ['flagstone', 'score', "
        f"{str(repository)!r}, '-f', 'json']\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join(m for m in sys.modules if m.split('.')[0] in "
        "{'django', 'celery', 'redis', 'psycopg', 'rest_framework'}))"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "platform")}

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["services"]
    assert sorted(tmp_path.iterdir()) == [repository]


def test_a_reader_that_goes_away_is_no_crash(repository: Path) -> None:
    code = "from flagstone.cli.main import main; main()"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "platform")}
    with subprocess.Popen(
        [sys.executable, "-c", code, "score", str(repository)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
    ) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        errors = process.stderr.read()

    assert b"Traceback" not in errors


def test_no_colour_where_nobody_looks(repository: Path) -> None:
    done = fresh("score", str(repository))

    assert done.returncode == 0
    assert "\x1b[" not in done.stdout


def test_a_terminal_without_unicode_gets_the_report_too(repository: Path) -> None:
    done = fresh("score", str(repository), PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Deployment/payments/checkout \\xb7 " in done.stdout


def test_objects_are_held_against_a_folder_of_crds(run: Command, tmp_path: Path) -> None:
    crds, repository = tmp_path / "crds", tmp_path / "repository"
    crds.mkdir()
    repository.mkdir()
    (crds / "gauge.yaml").write_text(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: gauges.example.com}\nspec:\n  group: example.com\n  names: {kind: Gauge}\n"
        "  versions:\n  - {name: v1, served: true, schema: {openAPIV3Schema: {type: object,"
        " properties: {spec: {type: object, properties: {width: {type: integer}}}}}}}\n"
    )
    (repository / "gauge.yaml").write_text(
        "apiVersion: example.com/v1\nkind: Gauge\nmetadata: {name: queue}\nspec: {widht: 5}\n"
    )
    assert json.loads(run("score", repository, "--format", "json").out)["services"] == []

    found = json.loads(run("score", repository, "--crds", crds, "--format", "json").out)

    (service,) = found["services"]
    check = next(check for check in service["checks"] if check["id"] == "IN-03")
    assert (service["name"], check["state"]) == ("queue", "fail")
    assert check["findings"][0]["message"] == (
        "spec.widht is no field of Gauge: the field is called width"
    )
    assert check["findings"][0]["line"] == 4


def test_a_folder_without_crds_is_no_folder_of_crds(
    run: Command, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()

    found = run("score", repository, "--crds", tmp_path / "empty")

    assert found.status == 2
    assert found.err == (
        f"flagstone: {tmp_path}/empty holds no CustomResourceDefinition: name a folder that has some\n"
    )


@pytest.mark.parametrize("place", ["", "services", "services/checkout.yaml"])
def test_sarif_of_a_part_names_files_as_the_repository_does(
    run: Command, repository: Path, place: str
) -> None:
    (repository / ".git").mkdir()

    data = json.loads(run("score", repository / place, "--format", "sarif").out)

    found = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in data["runs"][0]["results"]
    }
    assert "services/checkout.yaml" in found
    assert all(uri.startswith("services") for uri in found if place)
