"""When a job runs: the conditions of GitHub, its filters of branches, and the rules of GitLab."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.scorecards.engine.ci.branches import misses_main
from flagstone.scorecards.engine.ci.conditions import Occasion, may_hold
from flagstone.scorecards.engine.ci.gitlab_rules import MERGE_REQUEST, SCHEDULE, Runs, runs
from flagstone.scorecards.engine.ci.task_files import (
    hook_commands,
    just_recipes,
    make_recipes,
    task_recipes,
)

OPENED = Occasion("pull_request", "opened")


@pytest.mark.parametrize(
    "condition",
    [
        "true",
        "always()",
        "${{ success() }}",
        "github.event_name == 'pull_request'",
        "GitHub.Event_Name == 'Pull_Request'",
        "github.event_name != 'push'",
        "github.event_name == 'push' || github.event_name == 'pull_request'",
        """contains(fromJSON('["push", "pull_request"]'), github.event_name)""",
        "!contains(github.event.pull_request.labels.*.name, 'rollback')",
        "!contains(toJSON(github.event.pull_request.labels), 'rollback')",
        "!github.event.pull_request.draft",
        "github.event.pull_request.draft == false",
        "github.event.pull_request['draft'] != true",
        "startsWith(github.ref, 'refs/pull/')",
        "github.actor != 'dependabot[bot]'",
        "github.base_ref == 'main'",
        "needs.changes.outputs.code == 'true'",
        "github.event.pull_request && github.event.action != 'closed'",
        "inputs.run",
        "${{ false }} && something",  # text around an expression is never empty
        "hashFiles('x') != ''",
        "what is this",
        "(" * 900,
        "steps.size.outputs.lines > 200",
        "vars.SIZE_GATE && !false",
        "'it''s'",
    ],
)
def test_what_may_hold_for_a_plain_change(condition: str) -> None:
    assert may_hold(condition, OPENED, {}) is True


@pytest.mark.parametrize(
    "condition",
    [
        "false",
        "${{ false }}",
        "''",
        "0",
        "null",
        "failure()",
        "github.event_name == 'push'",
        "github.event_name == 'push' && always()",
        "!(github.event_name == 'pull_request')",
        """contains(fromJSON('["push", "schedule"]'), github.event_name)""",
        "contains(github.event.pull_request.labels.*.name, 'size')",
        "github.event.label.name == 'size'",
        "github.event.pull_request.merged",
        "github.event.pull_request.merged == true",
        "github.event.action == 'synchronize'",
        "github.ref == 'refs/heads/main'",
        "github.ref_name == 'main' && github.actor != 'me'",
        "github.actor == 'me' && github.event_name == 'push'",
        "startsWith(github.ref, 'refs/tags/')",
        "github.event.inputs.size == 'yes'",
        "github.event.pull_request.draft",
    ],
)
def test_what_does_not_hold_for_a_plain_change(condition: str) -> None:
    assert may_hold(condition, OPENED, {}) is False


def test_inputs_have_the_values_that_the_caller_gave() -> None:
    assert may_hold("inputs.run", OPENED, {"run": "false"}) is False
    assert may_hold("inputs.Mode == 'fast'", OPENED, {"mode": "slow"}) is False
    assert may_hold("inputs.run", OPENED, {"run": "${{ vars.RUN }}"}) is True


def test_other_events_have_other_values() -> None:
    assert may_hold("github.ref == 'refs/heads/main'", Occasion("schedule"), {}) is True
    assert may_hold("github.event.pull_request", Occasion("schedule"), {}) is False
    target = Occasion("pull_request_target", "opened")
    assert may_hold("github.ref == 'refs/heads/main'", target, {}) is True


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, ""),
        ({}, ""),
        ({"branches": ["main"]}, ""),
        ({"branches": "master"}, ""),
        ({"branches": ["**"]}, ""),
        ({"branches": ["$default-branch"]}, ""),
        ({"branches": ["ma*"]}, ""),
        ({"branches": ["[mt]ain"]}, ""),
        ({"branches": ["*", "!main"]}, ""),
        ({"branches": ["release/*", "main"]}, ""),
        ({"branches": ["release/*"]}, "`branches` names release/* only"),
        ({"branches": ["v[0-9]+", "hotfix/**"]}, "`branches` names v[0-9]+, hotfix/** only"),
        ({"branches": ["[broken"]}, "`branches` names [broken only"),
        ({"branches": ["*" * 150]}, f"`branches` names {'*' * 150} only"),
        ({"branches-ignore": ["docs/**"]}, ""),
        ({"branches-ignore": ["main"]}, "`branches-ignore` names main"),
        ({"branches-ignore": ["**", "!main", "!master"]}, ""),
    ],
)
def test_filters_of_branches(event: object, reason: str) -> None:
    assert misses_main(event) == reason


NOT = Runs(may=False)
YES = Runs(may=True)
MAY_FAIL = Runs(may=True, tolerated=True)
OF_MERGE_REQUESTS = '$CI_PIPELINE_SOURCE == "merge_request_event"'


def rules(*conditions: str | dict[str, Any]) -> dict[str, Any]:
    return {"rules": [{"if": one} if isinstance(one, str) else one for one in conditions]}


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ({}, NOT),
        ({"only": ["merge_requests"]}, YES),
        ({"only": {"refs": ["merge_requests"]}}, YES),
        ({"only": ["main"]}, NOT),
        ({"only": {"variables": ["$CI_MERGE_REQUEST_IID"]}}, YES),
        ({"only": ["merge_requests"], "except": ["merge_requests"]}, NOT),
        ({"only": ["merge_requests"], "when": "manual"}, MAY_FAIL),
        (rules(OF_MERGE_REQUESTS), YES),
        (rules("'merge_request_event' == $CI_PIPELINE_SOURCE"), YES),
        (rules("$CI_MERGE_REQUEST_IID"), YES),
        (rules("$CI_MERGE_REQUEST_ID != null"), YES),
        (rules("$CI_MERGE_REQUEST_ID == null"), NOT),
        (rules("$CI_PIPELINE_SOURCE =~ /^merge/"), YES),
        (rules("$CI_PIPELINE_SOURCE !~ /^merge/"), NOT),
        (rules('$CI_PIPELINE_SOURCE != "merge_request_event"'), NOT),
        (rules("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"), NOT),
        (rules("$CI_COMMIT_TAG"), NOT),
        (rules("$CI_COMMIT_BRANCH || $CI_MERGE_REQUEST_IID"), YES),
        (rules("($CI_COMMIT_BRANCH || $CI_COMMIT_TAG) && $WANTED"), NOT),
        (rules("$WANTED"), YES),
        (rules('$CI_MERGE_REQUEST_TARGET_BRANCH_NAME == "main"'), YES),
        (rules("$CI_MERGE_REQUEST_LABELS =~ /size/"), NOT),
        (rules("not a condition ("), YES),
        (rules({"if": OF_MERGE_REQUESTS, "when": "never"}, {"when": "always"}), NOT),
        (
            rules({"if": OF_MERGE_REQUESTS, "changes": ["a"], "when": "never"}, {"when": "always"}),
            YES,
        ),
        (rules({"if": "$WANTED", "when": "never"}, {"when": "on_success"}), YES),
        (rules({"if": OF_MERGE_REQUESTS, "allow_failure": True}), MAY_FAIL),
        (rules({"if": "$WANTED", "allow_failure": True}, OF_MERGE_REQUESTS), YES),
        (rules(OF_MERGE_REQUESTS) | {"allow_failure": True}, MAY_FAIL),
        (rules(OF_MERGE_REQUESTS) | {"allow_failure": {"exit_codes": [1, 2]}}, MAY_FAIL),
        (rules(OF_MERGE_REQUESTS) | {"allow_failure": {"exit_codes": 137}}, YES),
        ({"rules": [[{"if": OF_MERGE_REQUESTS}]]}, YES),
        ({"rules": [{"changes": ["a"]}]}, YES),
    ],
)
def test_when_a_job_of_gitlab_runs_for_a_merge_request(job: dict[str, Any], found: Runs) -> None:
    assert runs(job, MERGE_REQUEST) == found


def test_when_a_job_of_gitlab_runs_by_the_clock() -> None:
    assert runs(rules('$CI_PIPELINE_SOURCE == "schedule"'), SCHEDULE) == YES
    assert runs(rules("$CI_MERGE_REQUEST_IID"), SCHEDULE) == NOT
    assert runs({}, SCHEDULE) == YES


MAKEFILE = """
SCORE ?= flagstone score
.PHONY: all
all: lint score  ## everything
lint:
\t@ruff check .
score: ; $(SCORE) .
loose:
\t-flagstone score .
both loose: lint
"""


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], {"all": "", "lint": "ruff check .", "score": "flagstone score ."}),
        (["score"], {"score": "flagstone score ."}),
        (["loose"], {"loose": "flagstone score . || true", "lint": "ruff check ."}),
        (["unknown"], {}),
    ],
)
def test_targets_of_a_makefile(wanted: list[str], found: dict[str, str]) -> None:
    assert dict(make_recipes(MAKEFILE, wanted)) == found


def test_recipes_of_a_justfile() -> None:
    text = 'tool := "flagstone"\n\ncheck path=".": lint\n    {{tool}} score .\n\nlint:\n  -ruff check\n'

    assert dict(just_recipes(text, [])) == {
        "check": "flagstone score .",
        "lint": "ruff check || true",
    }
    assert dict(just_recipes(text, ["lint"])) == {"lint": "ruff check || true"}


def test_tasks_of_a_taskfile() -> None:
    file = {
        "tasks": {
            "default": {"deps": ["a", {"task": "b"}], "cmds": [{"task": "c"}, "echo"]},
            "a": "run a",
            "b": {"cmd": "run b"},
            "c": {"cmds": [{"cmd": "run c", "ignore_error": True}, 5]},
        }
    }

    assert dict(task_recipes(file, [])) == {
        "default": "echo",
        "a": "run a",
        "b": "run b",
        "c": "run c || true",
    }


def test_hooks_of_pre_commit() -> None:
    file = {
        "repos": [
            {"hooks": [{"id": "score", "entry": "flagstone score", "args": ["."]}, {"id": "x"}]}
        ]
    }

    assert dict(hook_commands(file)) == {"score": "flagstone score .", "x": "x"}
