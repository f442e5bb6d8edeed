"""CI of whole repositories: of the design, of the scaffolds, of nobody, and of somebody hostile."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstone.policies.manifests.reading import read_files
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.ci.codeowners import read_codeowners
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import CheckReport
from flagstone.scorecards.engine.states import State
from tests.corpora import design_example
from tests.scaffolds.rendering import render
from tests.scorecards.engine.samples import (
    NOW,
    files_of,
    objects,
    policies,
    score,
    scorecard,
    service,
    verdict,
)
from tests.scorecards.engine.test_grouping import renamed
from tests.scorecards.engine.test_hostile_input import JUNK, places

IDS = tuple(f"CI-0{number}" for number in range(1, 9))
SERVICE = files_of(objects("rollout", "rules"))


def of_ci(files: dict[str, bytes], *, whole: bool = False) -> dict[str, CheckReport]:
    snapshot = read_files(files, render=False, whole=whole)
    report = evaluate(snapshot, scorecard(*IDS), policies(), now=NOW)
    return {check.id: check for check in service(report).checks}


def states(found: dict[str, CheckReport]) -> dict[str, str]:
    return {check_id: str(check.state) for check_id, check in found.items()}


def design() -> dict[str, bytes]:
    folder = design_example("ci")
    files = {
        f".github/workflows/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.yml"))
    }
    return SERVICE | files | {"CODEOWNERS": b"/.github/ @acme/platform\n"}


def test_the_examples_of_the_design_pass_but_for_tags_that_can_be_moved() -> None:
    found = of_ci(design(), whole=True)

    assert states(found) == dict.fromkeys(IDS, "pass") | {"CI-04": "warn"}
    assert {f.message.partition(" is ")[0] for f in found["CI-04"].findings} == {
        "actions/checkout@v5"
    }


@pytest.mark.parametrize("runtime", ["python", "node", "go"])
def test_the_workflows_of_a_new_service_pass(runtime: str) -> None:
    answers = {"runtime": runtime, "kind": "api"}
    files = {path: text.encode() for path, text in render("service-base", answers).items()}

    found = of_ci(files, whole=True)

    assert states(found) == dict.fromkeys(IDS, "pass") | {"CI-05": "not_applicable"}


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_a_new_gitops_repository_passes(ci: str) -> None:
    files = {path: text.encode() for path, text in render("gitops-repo", {"ci": ci}).items()}

    found = of_ci(SERVICE | files, whole=True)

    silent = {"CI-04": "not_applicable", "CI-06": "not_applicable"} if ci == "gitlab" else {}
    assert states(found) == dict.fromkeys(IDS, "pass") | silent


def test_a_whole_repository_without_ci_fails_and_says_so_once() -> None:
    found = of_ci(SERVICE, whole=True)

    assert states(found) == dict.fromkeys(IDS, "not_applicable") | {"CI-01": "fail"}
    (finding,) = found["CI-01"].findings
    assert (finding.path, finding.message) == (
        ".github/workflows",
        "nothing runs before a change is merged: the repository has no CI definition",
    )


@pytest.mark.parametrize("path", ["Jenkinsfile", ".circleci/config.yml", "azure-pipelines.yml"])
def test_another_ci_cannot_be_judged(path: str) -> None:
    found = of_ci(SERVICE | {path: b"x: 1\n"}, whole=True)

    assert states(found)["CI-01"] == "no_data"
    assert path in found["CI-01"].summary


def test_what_is_judged_under_its_own_name_is_not_missing_elsewhere() -> None:
    files = design() | files_of(renamed("ledger", "rollout"), "services/ledger")
    snapshot = read_files(files, render=False, whole=True)

    report = evaluate(snapshot, scorecard("CI-01"), policies(), now=NOW)

    found = {one.ref: one.checks[0].state for one in report.services}
    assert found == {
        "Rollout/payments/checkout": State.NOT_APPLICABLE,
        "Rollout/payments/ledger": State.NOT_APPLICABLE,
        "workflow:.github/workflows/pr-gate.yml": State.PASS,
    }


def test_a_finding_stands_on_the_line_of_the_expression() -> None:
    workflow = (
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          true\n"
        "          echo ${{ github.head_ref }}\n"
    )
    found = of_ci(SERVICE | {".github/workflows/a.yml": workflow.encode()})

    (finding,) = found["CI-06"].findings
    assert (finding.path, finding.line) == (".github/workflows/a.yml", 8)


@pytest.mark.parametrize(
    ("text", "path", "covered"),
    [
        ("* @a", ".github/workflows/a.yml", True),
        ("* @a\n/.github/", ".github/workflows/a.yml", False),
        ("*.yml @a", ".github/workflows/a.yml", True),
        ("/*.yml @a", ".github/workflows/a.yml", False),
        (".github @a", ".github/workflows/a.yml", True),
        ("workflows/ @a", ".github/workflows/a.yml", True),
        ("/workflows/ @a", ".github/workflows/a.yml", False),
        ("/.github/* @a", ".github/workflows/a.yml", False),
        ("/.github/** @a", ".github/workflows/a.yml", True),
        ("**/workflows/*.yml @a", ".github/workflows/a.yml", True),
        ("[CI] @a\n/.github/", ".github/workflows/a.yml", True),
        ("# /.github/ @a", ".github/workflows/a.yml", False),
        ("/ci/size.sh @a # gate", "ci/size.sh", True),
        ("/ci/size.s? @a", "ci/size.sh", True),
        ("/ci/size @a", "ci/size.sh", False),
    ],
)
def test_codeowners(text: str, path: str, *, covered: bool) -> None:
    owners = read_codeowners(Snapshot({"CODEOWNERS": text.encode()}), "")

    assert owners is not None
    assert owners.covers(path) is covered


def broken(report_files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    report = score(report_files, scorecard(*IDS))
    return [
        (one.ref, check.id, check.summary)
        for one in report.services
        for check in one.checks
        if check.state is State.ERROR
    ]


GITHUB = {
    "on": {"pull_request": {"types": ["opened"], "paths": ["x"]}, "schedule": [{"cron": "x"}]},
    "permissions": {"contents": "read"},
    "env": {"A": "b"},
    "defaults": {"run": {"working-directory": "x"}},
    "concurrency": {"group": "x", "cancel-in-progress": True},
    "jobs": {
        "size": {
            "needs": ["other"],
            "if": "x",
            "permissions": {"contents": "read"},
            "env": {"LIMIT": 200},
            "timeout-minutes": 5,
            "strategy": {"matrix": {"a": [1]}},
            "steps": [
                {"uses": "actions/checkout@v5", "with": {"fetch-depth": 0, "ref": "x"}},
                {
                    "run": 'git diff --numstat "$A...$B"; [ $n -ge $LIMIT ] && exit 1; ci/a.sh; make x; npm run x',
                    "env": {"T": "${{ github.event.pull_request.title }}"},
                },
                {"uses": "./.github/actions/a", "with": {"title": "${{ github.head_ref }}"}},
            ],
        },
        "other": {"uses": "./.github/workflows/called.yml", "with": {"a": "b"}},
    },
}
CALLED = {
    "on": {"workflow_call": {"inputs": {"a": {"type": "string"}}}},
    "jobs": {"again": {"uses": "./.github/workflows/called.yml"}, "a": {"steps": [{"run": "x"}]}},
}
ACTION = {
    "runs": {
        "using": "composite",
        "steps": [{"run": "${{ inputs.title }}"}, {"uses": "./.github/actions/a"}],
    }
}
GITLAB = {
    "include": [{"local": "/ci/a.yml"}, {"project": "x", "file": ["y"]}],
    "workflow": {"rules": [{"if": "$CI_MERGE_REQUEST_IID"}]},
    "default": {"timeout": "1h", "before_script": ["x"]},
    ".base": {"extends": ".base", "script": ["x", ["y", ["z"]]]},
    "size": {
        "extends": [".base", "gone"],
        "inherit": {"default": ["timeout"]},
        "needs": [{"job": "a"}],
        "variables": {"A": 1},
        "rules": [{"if": "x"}],
        "script": ["git diff --numstat a..b", "exit 1"],
    },
}
TREE: dict[str, Any] = {
    ".github/workflows/a.yml": GITHUB,
    ".github/workflows/called.yml": CALLED,
    ".github/actions/a/action.yml": ACTION,
    ".gitlab-ci.yml": GITLAB,
    "ci/a.yml": {"other": {"script": "x"}},
    "package.json": {"scripts": {"x": "ci/a.sh"}},
}
TEXTS = {
    "ci/a.sh": b"#!/bin/sh\nci/a.sh; make x\n",
    "Makefile": b"x:\n\tmake x\n",
    "CODEOWNERS": b"* @a\n",
}
PLACES = list(places(TREE))


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(JUNK)), min_size=1, max_size=4))
def test_junk_in_any_place_breaks_no_check(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    tree = copy.deepcopy(TREE)
    for way, junk in changes:
        holder: Any = tree
        try:
            for key in way[:-1]:
                holder = holder[key]
            holder[way[-1]] = copy.deepcopy(junk)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    files = {path: yaml.safe_dump(value).encode() for path, value in tree.items()}

    assert broken(SERVICE | files | TEXTS) == []


BOMB = (
    b"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
    b"c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\n"
    b"e: &e [*d, *d, *d, *d, *d, *d, *d, *d]\njobs: [*e, *e, *e, *e, *e, *e, *e, *e]\n"
)


def _calls(times: int) -> bytes:
    jobs = {f"j{n}": {"uses": f"./.github/workflows/w{n}.yml"} for n in range(times)}
    return yaml.safe_dump({"on": "pull_request", "jobs": jobs}).encode()


def _run(text: str) -> bytes:
    workflow = {"on": "pull_request", "jobs": {"a": {"steps": [{"run": text}]}}}
    # in C: every process that collects the tests writes all of these
    return yaml.dump(workflow, Dumper=yaml.CSafeDumper).encode()


@pytest.mark.parametrize(
    "files",
    [
        {".github/workflows/a.yml": b"\x00\xff\xfe binary"},
        {".github/workflows/a.yml": b""},
        {".github/workflows/a.yml": b"- just\n- a list\n"},
        {
            ".github/workflows/a.yml": b"on: pull_request\njobs:\n"
            + b"  a: {steps: [{run: x}]}\n" * 60_000
        },
        {".github/workflows/a.yml": BOMB},
        {".github/workflows/a.yml": b"a: &a [*a]\n"},
        {".gitlab-ci.yml": b"\xff\xff"},
        {".gitlab-ci.yml": b"a: {script: !reference [.b, script]}\n.b: {extends: a}\n"},
        {f".github/workflows/w{n}.yml": _calls(12) for n in range(12)},
        {".github/workflows/a.yml": _run("a" * 900_000)},
        {".github/workflows/a.yml": _run("." * 900_000)},
        {".github/workflows/a.yml": _run("git diff " * 100_000)},
        {".github/workflows/a.yml": _run("${{ " * 200_000)},
        {".github/workflows/a.yml": _run("git diff --stat $a " + "$a=1 " * 150_000)},
        {".github/workflows/a.yml": _run("make " + "\n" * 200_000 + " x" * 100_000)},
        {
            ".github/workflows/a.yml": _run(
                "git diff --stat a...b\n" + "if [ $n -ge 200 ]\n" * 50_000
            )
        },
        {".github/workflows/a.yml": _run("git diff --stat a...b; f() { exit 1\n" * 30_000)},
        {".github/workflows/a.yml": _run("flagstone score " * 50_000)},
        {
            ".github/workflows/a.yml": _run("make x\nmake"),
            "Makefile": b"A = $(A)$(A)\n"
            + b"x " * 40_000
            + b":"
            + b" x" * 40_000
            + b"\n\ta\n" * 9_000,
        },
        {".gitlab-ci.yml": b"include: '/" + b"*a" * 400 + b"'\na: {script: [b]}\n"},
    ],
    ids=[
        *("binary", "empty", "a list", "huge", "alias bomb", "a circle", "gitlab binary"),
        *("gitlab circle", "workflows that call each other", "one word", "dots", "diffs"),
        *("expressions without an end", "assignments", "blank lines", "open branches"),
        *("functions", "checks on one line", "targets", "stars"),
    ],
)
def test_a_hostile_definition_neither_breaks_nor_hangs(files: dict[str, bytes]) -> None:
    start = time.monotonic()

    assert broken(SERVICE | files) == []

    assert time.monotonic() - start < 60


def test_a_definition_that_cannot_be_read_is_no_data() -> None:
    files = SERVICE | {".github/workflows/a.yml": b"\x00\xff binary"}

    found = verdict(score(files, scorecard("CI-06")), "CI-06")

    assert (found.state, found.summary) == (
        State.NO_DATA,
        "it cannot be read: it is not text that can be read",
    )
