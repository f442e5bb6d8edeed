"""Repositories at Gitea: described, listed, made whole or not at all, and taken back only when untouched."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flagstone.forge.errors import (
    EmptyRepository,
    InvalidName,
    NoDefaultBranch,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    RepositoryExists,
    RepositoryGone,
)
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta, Person
from flagstone.forge.hosts.base import RepositoryEntry, WebhookEntry
from tests.forge.hosts.gitea.conftest import BRANCH, REPO, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.gitea import BOT

NEW = "acme/service"
FILES = ChangeSet(
    {"README.md": FileContent(b"hello\n"), "run": FileContent(b"#!/bin/sh\n", executable=True)}
)


@pytest.fixture
def meta(stand_in):
    return CommitMeta("Begin service", "", Person("Ada", "ada@example.com"), stand_in.clock)


@pytest.fixture
def create(forge, meta):
    def create(name=NEW, files=FILES):
        return forge.create_repository(name, description="Serves\n it", files=files, meta=meta)

    return create


def test_a_repository_is_described(stand_in, forge):
    info = forge.get_repository("ACME/GitOps")
    assert (info.full_name, info.default_branch) == (REPO, "main")
    assert info.head == stand_in.bare(REPO).heads()["main"]
    assert (info.url, info.is_archived, info.may_write) == (
        f"{stand_in.web_url}/{REPO}",
        False,
        True,
    )


def test_an_empty_one_and_one_without_its_default_branch_are_told_apart(stand_in, forge):
    stand_in.repository("acme/empty", {})
    with pytest.raises(EmptyRepository, match="has no commit yet"):
        forge.get_repository("acme/empty")
    stand_in.bare(REPO).git("symbolic-ref", "HEAD", "refs/heads/gone/too")
    with pytest.raises(NoDefaultBranch, match="'gone/too', which is not there"):
        forge.get_repository(REPO)


def test_row_23_a_hidden_one_is_told_as_missing_or_hidden(forge):
    with pytest.raises(RepositoryGone, match="or hides it from this credential"):
        forge.get_repository("acme/secret")


def test_a_repository_is_made_with_its_first_commit(stand_in, forge, create, meta):
    made = create()
    bare = stand_in.bare(NEW)
    assert (made.full_name, made.default_branch, made.may_write) == (NEW, "main", True)
    assert bare.heads() == {"main": made.head}
    assert bare.git("ls-tree", "-r", "--format=%(objectmode) %(path)", "main").splitlines() == [
        "100644 README.md",
        "100755 run",
    ]
    (sent,) = stand_in.server.sent("POST /api/v1/orgs/acme/repos")
    assert sent.json == {
        "name": "service",
        "description": "Serves it",
        "private": True,
        "default_branch": "main",
        "auto_init": False,
    }
    assert forge.get_repository(NEW) == made


def test_ones_own_repository_is_made_at_another_place(stand_in, create):
    assert create(f"{BOT}/notes").full_name == f"{BOT}/notes"
    assert len(stand_in.server.sent("POST /api/v1/user/repos")) == 1


def test_the_same_again_after_it_was_done_changes_nothing(stand_in, create):
    assert create().head == create().head
    assert stand_in.bare(NEW).git("rev-list", "--count", "main") == "1"


def test_row_16_a_repository_without_an_answer_is_finished_at_the_next_try(stand_in, create):
    stand_in.server.faults.append(Fault("POST /api/v1/orgs/acme/repos", cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        create()
    assert stand_in.known(NEW).bare.heads() == {}
    made = create()
    assert stand_in.bare(NEW).heads() == {"main": made.head}


@pytest.mark.parametrize(("older", "is_ours"), [(59, True), (61, False)])
def test_an_empty_one_that_was_there_before_is_not_taken(stand_in, create, meta, older, is_ours):
    hosted = stand_in.add(NEW)
    hosted.created_at = meta.at - timedelta(seconds=older)
    if is_ours:
        made = create()
        assert hosted.bare.heads() == {"main": made.head}
    else:
        with pytest.raises(RepositoryExists, match="a repository acme/service already"):
            create()
        assert hosted.bare.heads() == {}


@pytest.mark.parametrize("branch", ["main", "master"])
def test_somebody_elses_is_left_as_it_is(stand_in, create, branch):
    hosted = stand_in.add(NEW, branch=branch)
    hosted.bare.write(branch, {"README.md": "theirs\n"})
    before = hosted.bare.heads()
    with pytest.raises(RepositoryExists):
        create()
    assert hosted.bare.heads() == before


def test_one_that_others_work_in_already_is_not_taken_for_a_new_one(stand_in, create):
    create()
    stand_in.bare(NEW).write("topic", {"a.txt": "a\n"})
    with pytest.raises(RepositoryExists):
        create()


def test_a_hidden_one_takes_the_name_too(stand_in, create):
    stand_in.server.faults.append(Fault("POST /api/v1/orgs", Reply(409, {"message": "exists"})))
    with pytest.raises(RepositoryExists):
        create()


def test_what_the_host_refuses_is_said_in_its_words(stand_in, create):
    with pytest.raises(RepositoryGone, match="no organisation 'nobody'"):
        create("nobody/service")
    for status, kind in ((422, PolicyRejected), (403, PermissionDenied)):
        stand_in.server.faults.append(
            Fault("POST /api/v1/orgs", Reply(status, {"message": "not like that"}))
        )
        with pytest.raises(kind, match="not like that"):
            create()


def test_a_bad_name_is_refused_before_anything_is_sent(stand_in, create):
    with pytest.raises(InvalidName):
        create("acme/x.git")
    assert stand_in.server.requests == []


def test_an_untouched_one_is_deleted(stand_in, forge, create):
    made = create()
    assert forge.delete_repository(NEW, expected_head=made.head)
    with pytest.raises(RepositoryGone):
        forge.get_repository(NEW)


def _another_commit(stand_in, forge):
    stand_in.bare(NEW).write("main", {"a.txt": "a\n"})


def _another_branch(stand_in, forge):
    stand_in.bare(NEW).write("topic", {"a.txt": "a\n"})


def _a_pull_request(stand_in, forge):
    stand_in.bare(NEW).write(BRANCH, {"a.txt": "a\n"})
    forge.create_pull_request(NEW, spec())
    stand_in.bare(NEW).git("update-ref", "-d", f"refs/heads/{BRANCH}")


def _an_issue(stand_in, forge):
    stand_in.known(NEW).issues.append({"id": 1, "number": 1, "title": "Hm"})


@pytest.mark.parametrize("touch", [_another_commit, _another_branch, _a_pull_request, _an_issue])
def test_one_that_somebody_touched_stays(stand_in, forge, create, touch):
    made = create()
    touch(stand_in, forge)
    assert not forge.delete_repository(NEW, expected_head=made.head)
    assert stand_in.server.sent("DELETE") == []


def test_one_whose_issues_are_switched_off_is_deleted_all_the_same(stand_in, forge, create):
    made = create()
    stand_in.server.faults.append(Fault("/issues", Reply(404, {"message": "not found"})))
    assert forge.delete_repository(NEW, expected_head=made.head)


def test_a_branch_is_deleted_where_it_was_seen(stand_in, forge, topic):
    assert not forge.delete_branch(REPO, BRANCH, expected="a" * 40)
    assert stand_in.bare(REPO).heads()[BRANCH] == topic
    assert forge.delete_branch(REPO, BRANCH, expected=topic)
    assert BRANCH not in stand_in.bare(REPO).heads()
    assert not forge.delete_branch(REPO, BRANCH, expected=topic)


def test_what_an_organisation_has_and_what_a_person_has(stand_in, forge):
    stand_in.most = 2
    for name in ("acme/a", "acme/b", f"{BOT}/own"):
        stand_in.repository(name)
    stand_in.repository("acme/empty", {})
    stand_in.known("acme/a").is_archived = True
    stand_in.known("acme/b").is_fork = True
    assert list(forge.list_repositories("acme")) == [
        RepositoryEntry(REPO, "", "main"),
        RepositoryEntry("acme/a", "", "main", is_archived=True),
        RepositoryEntry("acme/b", "", "main", is_fork=True),
        RepositoryEntry("acme/empty", "", ""),
    ]
    assert [each.full_name for each in forge.list_repositories(BOT)] == [f"{BOT}/own"]
    with pytest.raises(RepositoryGone, match="no organisation and nobody called 'nobody'"):
        list(forge.list_repositories("nobody"))


def test_a_credential_that_may_not_read_organisations_reads_the_owner(stand_in, forge):
    stand_in.server.faults.append(Fault("GET /api/v1/orgs/acme", Reply(403, {"message": "scope"})))
    assert [each.full_name for each in forge.list_repositories("acme")] == [REPO]


def test_webhooks_are_listed_and_who_may_not_see_them_is_told(stand_in, forge):
    assert forge.list_webhooks(REPO) == ()
    hook = {"id": 1, "type": "gitea", "active": True, "events": ["push", "pull_request"],
            "config": {"url": "https://flagstone.example/hooks/1", "content_type": "json"}}  # fmt: skip
    stand_in.known(REPO).hooks += [
        hook,
        {**hook, "id": 2, "active": False, "events": None, "config": None},
    ]
    assert forge.list_webhooks(REPO) == (
        WebhookEntry(
            "https://flagstone.example/hooks/1", True, frozenset({"push", "pull_request"})
        ),
        WebhookEntry("", False),
    )
    stand_in.server.faults.append(Fault("/hooks", Reply(403, {"message": "Must be an admin"})))
    with pytest.raises(PermissionDenied, match="Must be an admin"):
        forge.list_webhooks(REPO)


@pytest.mark.parametrize("kept", [("Link",), ("X-Total-Count",), ()])
def test_a_list_is_read_to_its_end_by_whatever_it_tells_of_it(stand_in, forge, kept):
    hook = {"id": 1, "active": True, "config": {"url": "https://flagstone.example"}}
    stand_in.known(REPO).hooks += [hook] * 110
    answer = stand_in.server.answer

    def silent(request):
        reply = answer(request)
        told = {name: value for name, value in reply.headers.items() if name in kept}
        return Reply(reply.status, reply.body, told)

    stand_in.server.answer = silent
    assert len(forge.list_webhooks(REPO)) == 110
    assert len(stand_in.server.requests) == 3
