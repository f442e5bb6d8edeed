"""What can be switched off is away without a trace, and what stays is right."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import manifests, one, render

# AWS' support policy for Synthetics runtimes, read in November 2026: of these no new canary can be made.
RUNTIMES_READ = date(2026, 11, 23)
PUPPETEER_DEPRECATED_UP_TO = (7, 0)

each_answer = pytest.mark.parametrize("answers", AWKWARD.values(), ids=AWKWARD)


def test_without_flags_nothing_names_them() -> None:
    files = render("paved-path", {"flags": False})
    service = render("python-api/service", {"flags": False})

    assert "services/checkout/flags.yaml" not in files
    assert not {"app/flags.py", "tests/test_flags.py"} & set(service)
    for path, text in (files | service).items():
        assert "flagd" not in text.lower(), path
        assert "openfeature" not in text.lower(), path


@each_answer
def test_the_kill_switch_is_on_and_the_service_asks_for_it(answers: dict[str, Any]) -> None:
    files = render("paved-path", answers)
    name = answers.get("name", "checkout")
    flags = one(files, "FeatureFlag")["spec"]["flagSpec"]["flags"]
    source = one(files, "FeatureFlagSource")
    pod = one(files, "Rollout")["spec"]["template"]

    assert list(flags) == [f"{name}-enabled"]
    for flag in flags.values():
        assert flag["state"] in ("ENABLED", "DISABLED")
        assert flag["defaultVariant"] in flag["variants"]
        assert len({type(value) for value in flag["variants"].values()}) == 1
        assert flag["metadata"]["owner"]
    assert flags[f"{name}-enabled"]["metadata"]["kind"] == "kill-switch"
    assert flags[f"{name}-enabled"]["variants"] == {"on": True, "off": False}
    assert pod["metadata"]["annotations"]["openfeature.dev/enabled"] == "true"
    named = pod["metadata"]["annotations"]["openfeature.dev/featureflagsource"]
    assert named == source["metadata"]["name"]
    assert (
        f'KILL_SWITCH = "{name}-enabled"'
        in render("python-api/service", {"name": name})["app/flags.py"]
    )


@each_answer
def test_terraform_makes_a_canary_that_runs_and_pages(answers: dict[str, Any]) -> None:
    files = render("paved-path", {**answers, "synthetics": True})
    name = answers.get("name", "checkout")
    folder = f"services/{name}/synthetics"
    module = hcl2.loads(files[f"{folder}/main.tf"])
    resources = {
        (kind.strip('"'), label.strip('"')): body
        for entry in module["resource"]
        for kind, labels in entry.items()
        for label, body in labels.items()
    }
    canary = resources["aws_synthetics_canary", "journey"]
    alarm = resources["aws_cloudwatch_metric_alarm", "success"]
    variables = {
        label.strip('"'): body for entry in module["variable"] for label, body in entry.items()
    }

    assert canary["start_canary"] is True
    assert canary["zip_file"] == "${data.archive_file.canary.output_path}"
    assert canary["handler"].strip('"') == "journey.handler"
    assert f"{folder}/canary/journey.js" in files
    assert canary["run_config"][0]["timeout_in_seconds"] == 50
    assert alarm["treat_missing_data"].strip('"') == "breaching"
    assert alarm["alarm_actions"] == ["${var.alarm_topic_arn}"]
    assert "aws_synthetics_canary.journey.name" in str(alarm["dimensions"])
    runtime = variables["runtime_version"]["default"].strip('"')
    assert runtime.startswith("syn-nodejs-puppeteer-")
    version = tuple(map(int, runtime.rpartition("-")[2].split(".")))
    assert version > PUPPETEER_DEPRECATED_UP_TO
    assert 'require("@aws/synthetics-puppeteer")' in files[f"{folder}/canary/journey.js"]
    assert "#the-synthetic-customer-fails" in alarm["alarm_description"]
    assert "## The synthetic customer fails" in files[f"services/{name}/runbook.md"]


def test_without_synthetics_there_is_no_terraform() -> None:
    files = render("paved-path")

    assert [path for path in files if "synthetics" in path] == []
    assert "CloudWatch" not in "".join(files.values())


@each_answer
def test_the_drill_is_clean_shell_about_the_production_policy(
    answers: dict[str, Any], tmp_path: Path
) -> None:
    files = render("paved-path", answers)
    script = tmp_path / "drill.sh"
    script.write_text(files[f"services/{answers.get('name', 'checkout')}/drill/outlier-drill.sh"])

    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck is not None
    done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    text = script.read_text()
    rule = one(files, "DestinationRule")
    assert f"service={rule['metadata']['name']}\n" in text
    assert f"production={rule['metadata']['namespace']}\n" in text
    # its failures come from an endpoint, and a retry would hide them
    assert "fault:" not in text
    assert "attempts: 0" in text


@pytest.mark.parametrize(
    ("ejected", "active", "failed", "after", "back", "status"),
    [
        pytest.param(1, 1, 3, 0, 0, 0, id="as it should be"),
        pytest.param(0, 0, 0, 0, 0, 1, id="nothing failed"),
        pytest.param(0, 0, 20, 50, 0, 1, id="nothing was ejected"),
        pytest.param(1, 1, 3, 2, 0, 1, id="callers still notice"),
        pytest.param(1, 1, 3, 0, 1, 1, id="it never comes back"),
        pytest.param("", "", 3, 0, "", 1, id="no statistics"),
    ],
)
def test_the_drill_passes_only_if_the_endpoint_was_ejected_and_came_back(
    tmp_path: Path, ejected: Any, active: Any, failed: int, after: int, back: Any, status: int
) -> None:
    """With a kubectl that answers as a cluster would; jq and awk are real where they are installed."""
    script = tmp_path / "drill.sh"
    script.write_text(render("paved-path")["services/checkout/drill/outlier-drill.sh"])
    tools = tmp_path / "bin"
    tools.mkdir()
    answers = tmp_path / "answers"
    key = "cluster.outbound|80||checkout.checkout-drill.svc.cluster.local.outlier_detection"
    answers.write_text(
        "\n".join(
            [
                f"{key}.ejections_enforced_total: 0",
                "x" * failed or "none",
                f"{key}.ejections_enforced_total: {ejected}",
                f"{key}.ejections_active: {active}",
                "x" * after or "none",
                f"{key}.ejections_active: {back}",
            ]
        )
    )
    _tool(
        tools / "kubectl",
        f"""case "$*" in
  *" exec "*)
    line=$(head -n 1 {answers}); sed -i 1d {answers}
    case "$line" in
      cluster.*) echo "$line" ;;
      none) echo 200 ;;
      *) for _ in $(seq ${{#line}}); do echo 503; done ;;
    esac ;;
  *" get destinationrule "*) echo '{{}}' ;;
  *"--filename -"*) cat > /dev/null ;;
esac""",
    )
    _tool(tools / "jq", '[[ "$*" == *--null-input* ]] || cat > /dev/null')
    _tool(tools / "sleep", "true")

    done = subprocess.run(
        ["bash", str(script)],
        env={"PATH": f"{tools}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == status, done.stdout + done.stderr
    assert ("PASS" in done.stdout) is (status == 0)


def _tool(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("flags", [True, False])
@pytest.mark.parametrize("synthetics", [True, False])
def test_every_combination_is_yaml(flags: bool, synthetics: bool) -> None:
    files = render("paved-path", {"flags": flags, "synthetics": synthetics})

    assert len(manifests(files)) == 14 + 2 * flags
    for path, text in files.items():
        if path.endswith(".yaml"):
            list(yaml.safe_load_all(text))
