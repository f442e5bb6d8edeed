"""The past of the GitOps repository leads, commit by commit, to what it is today."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from flagstone.config.demo.past import GAME_DAYS, STEPS
from flagstone.config.demo.people import PEOPLE
from flagstone.config.demo.rewinding import PastCommit, past_commits
from tests.config.demo.rendering import TODAY, render


@pytest.fixture(scope="module")
def past(gitops: dict[str, bytes]) -> list[PastCommit]:
    return past_commits(gitops, render, today=TODAY)


def _states(past: list[PastCommit]) -> Iterator[tuple[PastCommit, dict[str, bytes]]]:
    """Return each commit with all files as they are after it."""
    state: dict[str, bytes] = {}
    for commit in past:
        for path, data in commit.files.items():
            if data is None:
                del state[path]
            else:
                assert state.get(path) != data
                state[path] = data
        yield commit, dict(state)


def test_it_ends_with_today_byte_for_byte(past: list[PastCommit], gitops: dict[str, bytes]) -> None:
    *_, (_, last) = _states(past)

    assert last == gitops


def test_it_begins_with_what_is_the_same_on_each_day(
    past: list[PastCommit], gitops: dict[str, bytes]
) -> None:
    begin, fill = past[:2]
    tomorrow = past_commits(gitops, render, today=TODAY + timedelta(days=1))[0]

    assert set(begin.files) == {
        ".github/workflows/pull-request.yaml",
        ".github/workflows/review-promise.yaml",
        ".gitignore",
        "CODEOWNERS",
        "README.md",
        "argocd/platform.yaml",
        "argocd/root.yaml",
        "ci/alerts.sh",
        "ci/branch-age.sh",
        "ci/change-size.sh",
        "ci/gate.sh",
        "platform/monitoring/alertmanager.yaml",
        "platform/notifications/argocd.yaml",
        "platform/notifications/rollouts.yaml",
        "platform/policies/README.md",
    }
    assert tomorrow.files == begin.files
    assert len({path.split("/")[1] for path in fill.files if path.startswith("services/")}) == 45


def test_each_day_has_one_commit_by_somebody_who_works_here(past: list[PastCommit]) -> None:
    days = [commit.at.date() for commit in past]

    assert len(past) == 2 + len(STEPS) + len(GAME_DAYS)
    assert days == sorted(set(days))
    assert (TODAY - days[0], TODAY - days[1]) == (timedelta(days=60), timedelta(days=45))
    assert days[-1] < TODAY
    assert {commit.author for commit in past} <= {person.ref for person in PEOPLE}
    assert len({commit.author for commit in past}) > 20


def test_a_step_touches_its_services_only(past: list[PastCommit]) -> None:
    by_day = {(TODAY - commit.at.date()).days: commit for commit in past}
    for step in STEPS:
        commit, own = by_day[step.days_ago], set()
        for name in step.before:
            own |= {path for path in commit.files if f"/{name}/" in path or f"/{name}." in path}
        new = {"catalog-info.yaml"} if None in step.before.values() else set()
        assert commit.message == step.message
        assert set(commit.files) == own | new, step.message
        assert own


def test_a_game_day_dates_the_runbooks_of_what_was_drilled(past: list[PastCommit]) -> None:
    for commit in past:
        if commit.message.startswith("Game day"):
            assert {path.rpartition("/")[2] for path in commit.files} == {"runbook.md"}


def test_no_runbook_knows_a_drill_of_the_future(past: list[PastCommit]) -> None:
    for commit, state in _states(past):
        for path, data in state.items():
            if path.endswith("/runbook.md") and (
                found := re.search(rb"^last_drilled: (\S+)$", data, re.MULTILINE)
            ):
                drilled = date.fromisoformat(found[1].decode())
                assert drilled <= commit.at.date(), (commit.message, path)


def test_a_new_service_enters_the_catalogue_with_its_first_commit(past: list[PastCommit]) -> None:
    listed = {
        commit.message: b"services/service-index/" in state.get("catalog-info.yaml", b"")
        for commit, state in _states(past)
    }

    assert listed["Move velocity-rules onto the paved path"]
    assert listed["Add service-index"]
    assert not listed["payment-webhooks is a worker now, not half a web server"]
