"""Projects: described, listed, and missing or hidden."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    EmptyRepository,
    NoDefaultBranch,
    PermissionDenied,
    RepositoryGone,
)
from flagstone.forge.hosts.base import RepositoryEntry, RepositoryInfo, WebhookEntry
from tests.forge.hosts.gitlab.conftest import BRANCH, PLACE, REPO
from tests.stand_ins.gitlab import BOT


def test_a_project_is_described_with_what_its_default_branch_stands_at(stand_in, forge):
    stand_in.known(REPO).description = "Takes payments"
    assert forge.get_repository(REPO) == RepositoryInfo(
        REPO, "Takes payments", "main", stand_in.bare(REPO).heads()["main"],
        url=f"{stand_in.web_url}/{REPO}", is_archived=False, may_write=True,
    )  # fmt: skip


def test_an_empty_one_and_one_without_its_default_branch_are_told_apart(stand_in, forge):
    stand_in.add_project("acme/empty")
    with pytest.raises(EmptyRepository, match="has no commit yet"):
        forge.get_repository("acme/empty")
    stand_in.bare(REPO).git("symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(NoDefaultBranch, match="names 'gone', which is not there"):
        forge.get_repository(REPO)


def test_one_that_only_waits_to_be_removed_is_gone(stand_in, forge):
    stand_in.known(REPO).leaving_on = "2026-03-09"
    with pytest.raises(RepositoryGone, match="was deleted, and only waits"):
        forge.get_repository(REPO)


def test_a_branch_with_a_slash_is_one_part_of_an_address(stand_in, forge):
    stand_in.bare(REPO).git("branch", "-m", "main", "release/1-ü")
    stand_in.bare(REPO).git("symbolic-ref", "HEAD", "refs/heads/release/1-ü")
    assert forge.get_repository(REPO).default_branch == "release/1-ü"


def test_a_group_has_the_projects_of_the_groups_in_it(stand_in, forge):
    stand_in.repository("acme/tools")
    stand_in.add_project("acme/empty")
    stand_in.repository("other/tools")
    stand_in.known("acme/tools").archived = True
    stand_in.known("acme/tools").fork_of = 7
    stand_in.repository("acme/leaving")
    stand_in.known("acme/leaving").leaving_on = "2026-03-09"
    assert list(forge.list_repositories("acme")) == [
        RepositoryEntry(REPO, "", "main"),
        RepositoryEntry("acme/tools", "", "main", is_archived=True, is_fork=True),
        RepositoryEntry("acme/empty", "", ""),
    ]
    assert [each.full_name for each in forge.list_repositories("acme/payments")] == [REPO]


def test_a_person_has_projects_and_nobody_has_none(stand_in, forge):
    stand_in.add_person("ada")
    stand_in.repository("ada/notes")
    assert list(forge.list_repositories("Ada")) == [RepositoryEntry("ada/notes", "", "main")]
    with pytest.raises(RepositoryGone, match="no group and nobody called 'nobody'"):
        list(forge.list_repositories("nobody"))


def test_a_long_list_is_read_over_all_pages(stand_in, forge):
    for number in range(120):
        stand_in.add_project(f"many/p{number}")
    assert len(list(forge.list_repositories("many"))) == 120


def test_webhooks_are_told_to_those_who_may_see_them(stand_in, forge):
    project = stand_in.person("ada").projects.get(REPO)
    project.hooks.create({"url": "https://a.example/1", "merge_requests_events": True})
    project.hooks.create(
        {"url": "https://a.example/2", "push_events": False, "alert_status": "disabled"}
    )
    assert forge.list_webhooks(REPO) == (
        WebhookEntry("https://a.example/1", True, frozenset({"push", "merge_requests"})),
        WebhookEntry("https://a.example/2", False),
    )
    stand_in.known(REPO).access_level = 30
    with pytest.raises(PermissionDenied):
        forge.list_webhooks(REPO)


def test_a_branch_is_deleted_where_it_stands_as_expected(stand_in, forge, topic):
    assert not forge.delete_branch(REPO, BRANCH, expected="f" * 40)
    assert forge.delete_branch(REPO, BRANCH, expected=topic)
    assert not forge.delete_branch(REPO, BRANCH, expected=topic)
    assert set(stand_in.bare(REPO).heads()) == {"main"}


def test_row_23_a_hidden_project_is_told_as_missing_or_hidden(stand_in, forge):
    stand_in.users[BOT].may_read = False
    with pytest.raises(RepositoryGone, match="does not have it, or hides it from this credential"):
        forge.get_repository(REPO)
    stand_in.tokens.clear()
    with pytest.raises(AuthenticationFailed):
        forge.get_repository(REPO)
    assert stand_in.server.requests[0].path == f"/api/v4{PLACE}"


def test_capabilities(forge):
    told = forge.capabilities
    assert (told.dedupes_open_pull_requests, told.acts_for_people, told.longest_body) == (
        True, False, 1_000_000,
    )  # fmt: skip
