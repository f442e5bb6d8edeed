"""Projects: described, listed, made whole or not at all, and taken back only untouched."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    EmptyRepository,
    InvalidName,
    NoDefaultBranch,
    NotYetConsistent,
    OutcomeUnknown,
    Permanent,
    PermissionDenied,
    PolicyRejected,
    RepositoryExists,
    RepositoryGone,
    TransportError,
)
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta, Person
from flagstone.forge.hosts.base import RepositoryEntry, RepositoryInfo, WebhookEntry
from tests.forge.hosts.gitlab.conftest import BRANCH, PLACE, REPO, spec
from tests.git_http import GitFault, protect
from tests.http_server import Fault, Reply
from tests.stand_ins.gitlab import BOT

NEW = "acme/payments/ledger"
FILES = ChangeSet({"README.md": FileContent(b"hi\n"), "run": FileContent(b"x", executable=True)})


@pytest.fixture
def meta(stand_in):
    return CommitMeta("Begin ledger", "", Person("Ada", "ada@example.com"), stand_in.clock)


def create(forge, meta, name=NEW, description="Books"):
    return forge.create_repository(name, description=description, files=FILES, meta=meta)


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


def test_a_project_is_made_with_its_first_commit(stand_in, forge, meta):
    info = create(forge, meta)
    [request] = stand_in.server.sent("POST ")
    assert request.json == {
        "name": "ledger", "path": "ledger", "namespace_id": stand_in.namespaces["acme/payments"].id,
        "description": "Books", "visibility": "private", "default_branch": "main",
        "initialize_with_readme": False,
    }  # fmt: skip
    assert forge.get_repository(NEW) == info
    listed = stand_in.bare(NEW).git("ls-tree", info.head).splitlines()
    assert [line.split()[0] + line.split("\t")[1] for line in listed] == [
        "100644README.md",
        "100755run",
    ]
    assert (info.full_name, info.description, info.default_branch) == (NEW, "Books", "main")


def test_a_person_may_have_one_in_their_own_namespace(stand_in, forge, meta):
    assert create(forge, meta, f"{BOT}/notes").full_name == f"{BOT}/notes"


def test_a_group_that_is_not_there_is_told(stand_in, forge, meta):
    with pytest.raises(RepositoryGone, match="has no group 'nowhere', or hides it"):
        create(forge, meta, "nowhere/ledger")
    with pytest.raises(InvalidName):
        create(forge, meta, "acme/-ledger")
    assert stand_in.server.sent("POST ") == []


@pytest.mark.parametrize(
    "fault", [Fault("POST ", cuts=True, is_done=True), Fault("POST ", Reply(502), is_done=True)]
)
def test_row_16_what_was_made_without_an_answer_is_finished_by_the_next_attempt(
    stand_in, forge, meta, fault
):
    stand_in.server.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        create(forge, meta)
    assert stand_in.bare(NEW).heads() == {}
    assert create(forge, meta).head == stand_in.bare(NEW).heads()["main"]


def test_a_first_commit_that_could_not_be_pushed_is_pushed_by_the_next_attempt(
    stand_in, forge, meta
):
    stand_in.git.faults.append(GitFault("git-receive-pack", status=503, times=9))
    with pytest.raises(TransportError):
        create(forge, meta)
    stand_in.git.faults.clear()
    assert create(forge, meta).head == stand_in.bare(NEW).heads()["main"]


def test_one_that_git_does_not_find_yet_is_waited_for_and_stays(stand_in, forge, meta):
    stand_in.git.faults.append(GitFault(f"/{NEW}.git/info/refs", status=404))
    with pytest.raises(NotYetConsistent, match="git does not find it yet"):
        create(forge, meta)
    assert create(forge, meta).head == stand_in.bare(NEW).heads()["main"]


def test_a_whole_one_is_taken_for_ours_when_it_holds_our_commit(stand_in, forge, meta):
    info = create(forge, meta)
    assert create(forge, meta) == info
    stand_in.bare(NEW).write("main", {"more": "x\n"})
    with pytest.raises(RepositoryExists, match=f"There is a repository {NEW} already"):
        create(forge, meta)


def test_an_empty_one_that_was_there_before_is_not_taken(stand_in, forge, meta):
    project = stand_in.add_project(NEW)
    project.created_at = meta.at - timedelta(seconds=61)
    with pytest.raises(RepositoryExists):
        create(forge, meta)
    project.created_at = meta.at - timedelta(seconds=59)
    assert create(forge, meta).full_name == NEW


def test_a_name_that_differs_by_case_alone_is_taken(stand_in, forge, meta):
    stand_in.add_project("acme/payments/Ledger").created_at = meta.at
    with pytest.raises(
        RepositoryExists, match="There is a repository acme/payments/Ledger already"
    ):
        create(forge, meta)


def test_one_with_other_branches_is_left_alone(stand_in, forge, meta):
    stand_in.repository(NEW)
    stand_in.bare(NEW).git("branch", "-m", "main", "trunk")
    with pytest.raises(RepositoryExists):
        create(forge, meta)
    assert set(stand_in.bare(NEW).heads()) == {"trunk"}


def test_a_refusal_that_is_about_something_else_is_told_in_the_hosts_words(stand_in, forge, meta):
    words = {"message": {"base": ["Your project limit is 0 projects!"]}}
    stand_in.server.faults.append(Fault("POST ", Reply(400, words)))
    with pytest.raises(Permanent, match="base Your project limit is 0 projects!"):
        create(forge, meta)
    assert NEW not in stand_in.projects


def test_one_whose_first_commit_is_refused_is_not_left_empty(stand_in, forge, meta, monkeypatch):
    add = type(stand_in).add_project

    def with_rules(self, *arguments, **more):
        project = add(self, *arguments, **more)
        protect(project.bare.folder, "main", words="no commits by robots")
        return project

    monkeypatch.setattr(type(stand_in), "add_project", with_rules)
    with pytest.raises(PolicyRejected, match="no commits by robots"):
        create(forge, meta)
    assert NEW not in stand_in.projects


def test_an_untouched_one_is_deleted(stand_in, forge, meta):
    info = create(forge, meta)
    assert forge.delete_repository(NEW, expected_head=info.head)
    with pytest.raises(RepositoryGone):
        forge.get_repository(NEW)


def test_one_that_somebody_touched_stays(stand_in, forge, meta):
    head = create(forge, meta).head
    project, bare = stand_in.known(NEW), stand_in.bare(NEW)
    assert not forge.delete_repository(NEW, expected_head="f" * 40)
    bare.write(BRANCH, {"a": "x\n"})
    assert not forge.delete_repository(NEW, expected_head=head)
    forge.create_pull_request(NEW, spec())
    bare.git("branch", "-D", BRANCH)
    assert not forge.delete_repository(NEW, expected_head=head)
    project.merge_requests.clear()
    project.issues.append({"iid": 1})
    assert not forge.delete_repository(NEW, expected_head=head)
    assert stand_in.server.sent("DELETE ") == []
    project.issues_enabled = False
    assert forge.delete_repository(NEW, expected_head=head)


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
