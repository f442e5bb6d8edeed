"""Projects: made whole or not at all, whoever dies in between, and taken back only untouched."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flagstone.forge.errors import (
    InvalidName,
    NotYetConsistent,
    OutcomeUnknown,
    Permanent,
    PolicyRejected,
    RepositoryExists,
    RepositoryGone,
    TransportError,
)
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta, Person
from tests.forge.hosts.gitlab.conftest import BRANCH, spec
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
