"""The report for people."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from flagstone.cli.formats.naming import labels
from flagstone.cli.formats.style import Style
from flagstone.cli.formats.text_report import render
from flagstone.scorecards.engine.reporting.baseline import compare, entries_of
from flagstone.scorecards.engine.reporting.report import Report
from tests.scorecards.engine.samples import files_of, objects, score, scorecard

PLAIN = Style(width=80)


def bare(**annotations: str) -> dict[str, Any]:
    found = objects("deployment", "service")
    found["deployment"]["metadata"]["annotations"] = annotations
    container = found["deployment"]["spec"]["template"]["spec"]["containers"][0]
    del container["livenessProbe"]
    del container["resources"]
    return found


def report(found: dict[str, Any], *checks: str, **more: bytes) -> Report:
    files = files_of(found) | {name.replace("_", "."): data for name, data in more.items()}
    return score(files, scorecard(*checks))


def test_a_finding_tells_where_what_why_and_how() -> None:
    text = render(report(bare(), "PB-01", "PB-02"), Style(width=100))

    lines = text.splitlines()
    assert lines[0] == "checkout" + " " * 73 + "66 of 100, no level"
    assert lines[1] == "Deployment/payments/checkout · 100% of the weight has data"
    assert lines[3] == "  high      PB-02  Containers have a liveness probe"
    assert lines[4].startswith("            services/checkout/manifests.yaml:")
    assert lines[4].endswith("  Deployment/payments/checkout, container app")
    assert lines[5] == "              container app has no livenessProbe"
    assert lines[6].startswith("            why   A process that hangs")
    assert any(line.startswith("            mend  Give each app container") for line in lines)
    assert "  1 pass · 1 fail" in lines


def test_several_findings_of_one_place_share_its_line() -> None:
    text = render(report(bare(), "RS-01"), PLAIN)

    assert text.count("manifests.yaml:") == 1
    assert text.count("has no resources.") == 3


def test_the_worst_comes_first() -> None:
    files = files_of(objects("rollout"), "good")
    bad = bare()
    bad["deployment"]["metadata"]["name"] = "quote"
    text = render(score(files | files_of(bad, "bad"), scorecard("PB-02", "RS-01")), PLAIN)

    assert text.index("quote") < text.index("checkout ")


def test_checks_come_by_severity() -> None:
    text = render(report(bare(), "PB-04", "PB-02", "IM-01", "RO-01", "PR-07", "RB-03"), PLAIN)

    order = [
        line.split()[0]
        for line in text.splitlines()
        if line[2:12].strip() in {"critical", "high", "medium", "low"}
    ]
    assert order == sorted(order, key=["critical", "high", "medium", "low"].index)


def test_what_misses_the_same_is_said_once() -> None:
    files = {
        "shop/Chart.yaml": b"apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "shop/templates/all.yaml": b"kind: {{ .Values.kind }}\n",
    }

    text = render(score(files, scorecard("PB-01", "PB-02", "RS-01")), PLAIN)

    assert text.count("helm did not render shop") == 1
    assert "  no data   all 3 checks that apply" in text.splitlines()


def test_what_a_few_checks_miss_is_said_with_their_ids() -> None:
    files = {
        "shop/rollout.yaml": b"""
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: elsewhere}, strategy: {canary: {}}}
""",
    }

    text = render(score(files, scorecard("PB-02", "RS-01", "RO-03")), PLAIN)

    assert "  no data   PB-02, RS-01" in text.splitlines()


def test_waivers_are_shown() -> None:
    waived = bare(**{"paved.example.com/waive.PB-02": "restarts lose work; until 2027-01-31"})

    text = render(report(waived, "PB-02"), PLAIN)

    lines = text.splitlines()
    start = lines.index("  waived    PB-02  restarts lose work")
    assert lines[start + 1 : start + 3] == [
        "            until 2027-01-31, 1 finding, by Deployment/payments/checkout,",
        "              services/checkout/manifests.yaml:7",
    ]
    assert "  waivers     1 in force" in lines
    assert lines[-1] == "checkout: nothing fails"


def test_waivers_that_are_worth_nothing_are_told() -> None:
    key = "paved.example.com/waive."
    odd = bare(**{f"{key}PB-01": "why; until 2027-01-31", f"{key}PB-02": "why; until 2026-01-31"})
    odd["deployment"]["metadata"]["annotations"][f"{key}zzz"] = "why; until 2027-01-31"

    lines = render(report(odd, "PB-01", "PB-02"), Style(width=110)).splitlines()

    assert (
        "  unused    PB-01  waiver: it waives nothing: the check finds no fault here, so take it out"
        in lines
    )
    assert "  unknown   zzz  waiver: there is no check 'zzz'" in lines
    assert (
        "  waivers     1 lapsed, which fails, 1 not needed, 1 of checks that are not asked" in lines
    )
    assert any("has no livenessProbe (the waiver expired on 2026-01-31" in line for line in lines)


def test_equal_faults_of_many_objects_are_said_once() -> None:
    found = {}
    for number in range(8):
        found |= {f"d{number}": bare()["deployment"]}
        found[f"d{number}"]["metadata"]["name"] = f"checkout-{number}"
        container = found[f"d{number}"]["spec"]["template"]["spec"]["containers"][0]
        container["name"] = f"c{number}"
    entity = b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: checkout}\n"
    files = files_of(found) | {"services/checkout/catalog-info.yaml": entity}

    lines = render(score(files, scorecard("PB-02")), PLAIN).splitlines()

    places = [line for line in lines if "manifests.yaml:" in line]
    assert len(places) == 5
    assert "            ... and 3 more: --all" in lines
    assert lines.count("              the container has no livenessProbe") == 1

    every = render(score(files, scorecard("PB-02")), Style(width=80, whole=True)).splitlines()
    assert len([line for line in every if "manifests.yaml:" in line]) == 8
    assert not any("--all" in line for line in every)


def test_a_line_that_says_one_more_shows_it_instead() -> None:
    assert PLAIN.cut([1, 2, 3], 2) == ([1, 2, 3], "")
    assert PLAIN.cut([1, 2, 3, 4], 2) == ([1, 2], "... and 2 more: --all")


def test_what_only_follows_from_another_failure_stands_with_it() -> None:
    lines = render(report(bare(), "RB-01", "RB-02", "RB-03"), PLAIN).splitlines()

    assert not any(line.startswith("  high      RB-02") for line in lines)
    start = lines.index("  high      RB-01  There is a runbook, and the alerts lead to it")
    assert " ".join(" ".join(lines[start + 4 : start + 7]).split()).startswith(
        "then fails with it: RB-02 The runbook says how to roll back (high); RB-03 The runbook was "
        "practised lately (medium)"
    )
    assert lines[-1] == "checkout fails: 2 high, 1 medium failures"


@pytest.mark.parametrize(
    ("refs", "names"),
    [
        (["Deployment/a/x", "Deployment/b/x"], ["x (a)", "x (b)"]),
        (["Deployment/a/x", "CronJob/a/x"], ["x (Deployment)", "x (CronJob)"]),
        (["Deployment/a/x@eu", "Deployment/a/x@us"], ["x (eu)", "x (us)"]),
        (["component:a/x", "component:b/x"], ["x (a)", "x (b)"]),
        (
            ["Deployment/a/x@eu", "Deployment/b/x", "Deployment/a/x"],
            ["x (Deployment/a/x@eu)", "x (Deployment/b/x)", "x (Deployment/a/x)"],
        ),
        (["Deployment/a/x"], ["x"]),
    ],
)
def test_services_of_one_name_are_told_apart(refs: list[str], names: list[str]) -> None:
    (one,) = report(bare(), "PB-02").services
    found = labels([replace(one, name="x", ref=ref) for ref in refs])

    assert [found[ref] for ref in refs] == names


def test_what_several_services_share_is_told_once_with_all_their_names() -> None:
    entity = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\n"
    files = {f"{name}/catalog-info.yaml": (entity % name).encode() for name in ("one", "two")}
    files |= files_of(bare(), "two")
    files[".github/workflows/ci.yaml"] = b"""
on: push
jobs: {test: {runs-on: x, steps: [{uses: acme/tool@v4}]}}
"""

    text = render(score(files, scorecard("CI-04", "PB-02")), PLAIN)

    assert text.count("acme/tool@v4") == 1
    lines = text.splitlines()
    first = lines.index("            also of two")
    assert lines.index("            the same 2 findings as of one, above") > first
    assert (
        len([line for line in lines if line.startswith("  high      CI-04")]) == 3
    )  # and how to mend


def test_a_long_name_stands_on_a_line_of_its_own() -> None:
    found = bare()
    found["deployment"]["metadata"]["name"] = "n" * 70

    lines = render(report(found, "PB-01"), PLAIN).splitlines()

    assert lines[:2] == ["n" * 70, "100 of 100, gold"]


def test_how_to_mend_is_said_once_for_many_services() -> None:
    bad = bare()
    bad["deployment"]["metadata"]["name"] = "quote"
    files = files_of(bare(), "a") | files_of(bad, "b")

    text = render(score(files, scorecard("PB-02")), PLAIN)

    assert text.count("container app has no livenessProbe") == 2
    assert text.count("mend  Give each app container") == 1
    assert "  high      PB-02  Containers have a liveness probe (2 services)" in text.splitlines()
    assert text.splitlines()[-1] == "2 of 2 services fail: 2 high failures"


def test_what_the_baseline_knows_is_one_line() -> None:
    before = report(bare(), "PB-02")
    now = report(bare(), "PB-01", "PB-02", "RS-01")

    lines = render(compare(now, entries_of(before), exists=bool), PLAIN).splitlines()

    assert "  known     PB-02" in lines
    assert not any("livenessProbe" in line for line in lines)
    assert "  baseline    1 known, 3 new" in lines
    assert lines[-1] == "checkout fails: 1 high new failure"


def test_the_summary() -> None:
    lines = render(
        report(bare(), "PB-01", "PB-02", "RS-01", x_yaml=b"\xff\x00"), PLAIN
    ).splitlines()

    start = lines.index("Summary: Sample")
    assert lines[start:] == [
        "Summary: Sample",
        "  not read    1 file, so nothing in it counts:",
        "    x.yaml",
        "      binary, not text",
        "  read        2 files, 2 documents",
        "  services    1: 1 without a level",
        "",
        "checkout fails: 2 high failures",
    ]


def test_a_service_that_nothing_applies_to() -> None:
    text = render(report(objects("job"), "RO-01"), PLAIN)

    assert text.splitlines()[0].endswith("no score, no level")
    assert "Deployment" not in text
    assert "nothing applies to it" in text


@pytest.mark.parametrize("width", [60, 80, 110])
def test_lines_keep_to_the_width(width: int) -> None:
    text = render(score(files_of(bare())), Style(width=width))

    wide = [line for line in text.splitlines() if len(line) > width]
    assert all(len(line.split()) == 1 for line in wide), wide  # one long word, such as a path


def test_colour_changes_nothing_but_the_colour() -> None:
    found = score(files_of(bare()))
    painted = render(found, Style(width=80, colour=True))

    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(found, PLAIN)


def test_nothing_from_a_manifest_steers_the_terminal() -> None:
    found = bare()
    found["deployment"]["metadata"]["name"] = "a\x1b[2Jb"
    found["deployment"]["spec"]["template"]["spec"]["containers"][0]["name"] = "\x07bell"

    text = render(score(files_of(found)), PLAIN)

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "a⟨U+001B⟩[2Jb" in text


def test_services_of_which_the_same_is_said_are_said_once() -> None:
    files: dict[str, bytes] = {}
    for number in range(12):
        found = objects("deployment")
        found["deployment"]["metadata"]["name"] = f"s{number:02}"
        files |= files_of(found, f"services/s{number:02}")

    lines = render(score(files, scorecard("PB-01", "PB-02")), PLAIN).splitlines()

    assert len([line for line in lines if line.endswith("100 of 100, gold")]) == 10
    assert "... and 2 more: --all (the same is said of them)" in lines
    assert lines.count("  2 pass") == 1
    assert lines[-1] == "12 services: nothing fails"


def test_how_to_get_data_is_said_once_for_many_services() -> None:
    rollout = b"""
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: NAME}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: elsewhere}, strategy: {canary: {}}}
"""
    files = {f"{name}/a.yaml": rollout.replace(b"NAME", name.encode()) for name in ("a", "b")}

    lines = render(score(files, scorecard("PB-02")), PLAIN).splitlines()

    assert lines.count("  no data   PB-02  Containers have a liveness probe (2 services)") == 1
    assert len([line for line in lines if line.startswith("            get")]) == 1
    assert lines[-1] == "2 services: nothing fails, but not all could be decided"
