"""Repositories at GitHub: described, made whole or finished later, deleted only untouched, listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from flagstone.forge.errors import (
    EmptyRepository,
    NoDefaultBranch,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    RepositoryExists,
    RepositoryGone,
    RepositoryMoved,
)
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta, Person
from flagstone.forge.hosts.base import RepositoryEntry, RepositoryInfo, WebhookEntry
from tests.forge.hosts.github.conftest import ADA, BRANCH, REPO, spec
from tests.git_http import GitFault
from tests.http_server import Fault, Reply, serving
from tests.stand_ins.github import BOT
from tests.stand_ins.github_state import said

NEW = "acme/shop"
FILES = ChangeSet({"README.md": FileContent(b"# Shop\n"), "run": FileContent(b"#!\n", True)})
PUSH = "POST /acme/shop.git/git-receive-pack"


@pytest.fixture
def meta(stand_in) -> CommitMeta:
    return CommitMeta("Begin shop", "", Person("Ada", "ada@example.com"), at=stand_in.clock)


def create(forge, meta, name=NEW, **more):
    return forge.create_repository(name, description="Sells things", files=FILES, meta=meta, **more)


def test_a_repository_is_described_with_its_head_in_two_requests(forge, stand_in):
    stand_in.known(REPO).description = "What runs"
    info = forge.get_repository(REPO)
    assert info == RepositoryInfo(
        full_name=REPO,
        description="What runs",
        default_branch="main",
        head=stand_in.bare(REPO).heads()["main"],
        url=f"{stand_in.web_url}/{REPO}",
        is_archived=False,
        may_write=True,
    )
    assert len(stand_in.server.requests) == 2
    stand_in.known(REPO).rights[BOT] = "read"
    stand_in.known(REPO).is_archived = True
    info = forge.get_repository(REPO)
    assert (info.is_archived, info.may_write) == (True, False)


def test_an_empty_one_and_one_without_its_default_branch_are_told_apart(forge, stand_in):
    stand_in.repository("acme/empty", {})
    with pytest.raises(EmptyRepository):
        forge.get_repository("acme/empty")
    stand_in.bare(REPO).git("symbolic-ref", "HEAD", "refs/heads/release/1.0")
    with pytest.raises(NoDefaultBranch, match=r"release/1\.0"):
        forge.get_repository(REPO)
    stand_in.bare(REPO).write("release/1.0", {"a.txt": "one\n"})
    assert forge.get_repository(REPO).default_branch == "release/1.0"


def test_row_23_a_hidden_one_looks_like_a_missing_one(forge, stand_in):
    stand_in.known(REPO).rights[BOT] = "none"
    for name in (REPO, "acme/never"):
        with pytest.raises(RepositoryGone, match="or hides it from this credential"):
            forge.get_repository(name)
    with pytest.raises(RepositoryGone):
        forge.get_pull_request(REPO, 1)


def test_row_28_a_renamed_one_is_named_and_not_followed(forge, stand_in, topic):
    stand_in.rename(REPO, "acme/platform")
    with pytest.raises(RepositoryMoved, match=r"acme/gitops is called acme/platform now") as caught:
        forge.get_repository(REPO)
    assert caught.value.params["name"] == "acme/platform"
    with pytest.raises(RepositoryMoved, match=r"it moved to http.*/repositories/\d+"):
        forge.create_pull_request(REPO, spec())
    assert stand_in.known("acme/platform").pulls == {}


def test_row_28_no_credential_follows_a_redirect_to_another_host(forge, stand_in):
    with serving(lambda _: Reply(200, {"full_name": "evil/twin"})) as other:
        place = {"Location": f"{other.url}/repositories/1"}
        stand_in.server.faults.append(Fault("/repos/", Reply(301, {}, place), times=3))
        for asked in (
            lambda: forge.get_repository(REPO),
            lambda: forge.create_pull_request(REPO, spec()),
            lambda: forge.touched_pull_requests(REPO),
        ):
            with pytest.raises(RepositoryMoved, match=f"moved to {other.url}/repositories/1"):
                asked()
        assert other.requests == []


def test_a_repository_is_made_private_with_its_first_commit(forge, stand_in, meta):
    info = create(forge, meta)
    hosted = stand_in.known(NEW)
    assert info == RepositoryInfo(
        full_name=NEW,
        description="Sells things",
        default_branch="main",
        head=hosted.bare.heads()["main"],
        url=f"{stand_in.web_url}/{NEW}",
        may_write=True,
    )
    assert forge.get_repository(NEW) == info
    assert (hosted.is_private, list(hosted.bare.heads())) == (True, ["main"])
    assert hosted.bare.git("ls-tree", "--name-only", "main").split() == ["README.md", "run"]
    assert hosted.bare.commit("main").author == "Ada"


def test_under_ones_own_name_it_is_made_too_and_under_nobody_elses(forge, stand_in, meta):
    assert create(forge, meta, f"{BOT}/shop").full_name == f"{BOT}/shop"
    stand_in.add_account("mia")
    with pytest.raises(PermissionDenied, match="not mia's own"):
        create(forge, meta, "mia/shop")
    with pytest.raises(RepositoryGone, match="look for nobody"):
        create(forge, meta, "nobody/shop")


@pytest.mark.parametrize("is_done", [True, False])
def test_what_a_lost_answer_left_is_finished_by_the_next_attempt(forge, stand_in, meta, is_done):
    stand_in.server.faults.append(Fault("POST /orgs/acme/repos", cuts=True, is_done=is_done))
    with pytest.raises(OutcomeUnknown):
        create(forge, meta)
    assert create(forge, meta).head == stand_in.bare(NEW).heads()["main"]


def test_what_a_lost_push_left_is_finished_by_the_next_attempt(forge, stand_in, meta):
    stand_in.git.faults.append(GitFault(PUSH, status=403, body="not now"))
    with pytest.raises(Exception, match="acme/shop"):
        create(forge, meta)
    assert stand_in.bare(NEW).heads() == {}
    first = create(forge, meta)
    assert create(forge, meta) == first, "and once more it is found done"


def test_a_name_that_others_took_is_left_alone(forge, stand_in, meta):
    stand_in.repository(NEW)
    heads = stand_in.bare(NEW).heads()
    with pytest.raises(RepositoryExists, match="There is a repository acme/shop already"):
        create(forge, meta)
    assert stand_in.bare(NEW).heads() == heads


def test_an_older_empty_one_and_one_with_another_branch_are_not_ours(forge, stand_in, meta):
    stand_in.repository(NEW, {})
    later = replace(meta, at=stand_in.clock + timedelta(seconds=61))
    with pytest.raises(RepositoryExists):
        create(forge, later)
    stand_in.bare(NEW).write("trunk", {"a.txt": "theirs\n"})
    with pytest.raises(RepositoryExists):
        create(forge, meta)
    assert list(stand_in.bare(NEW).heads()) == ["trunk"]


def test_a_refusal_is_githubs_own_where_nobody_has_the_name(forge, stand_in, meta):
    words = "Visibility can't be private."
    stand_in.server.faults.append(Fault("POST /orgs", Reply(422, said(words))))
    with pytest.raises(PolicyRejected, match=words):
        create(forge, meta)
    stand_in.server.faults.append(Fault("POST /orgs", Reply(403, said("Need admin access"))))
    with pytest.raises(PermissionDenied, match="Need admin access"):
        create(forge, meta)


def test_an_untouched_one_is_deleted(forge, stand_in, meta):
    head = create(forge, meta).head
    assert not forge.delete_repository(NEW, expected_head="1" * 40)
    assert forge.delete_repository(NEW, expected_head=head)
    with pytest.raises(RepositoryGone):
        forge.get_repository(NEW)


def test_one_that_somebody_worked_with_stays(forge, stand_in, meta):
    head = create(forge, meta).head
    hosted = stand_in.known(NEW)

    def stays() -> bool:
        return not forge.delete_repository(NEW, expected_head=head)

    hosted.issues = 1
    assert stays()
    hosted.issues = 0
    hosted.bare.write(BRANCH, {"a.txt": "one\n"})
    assert stays()
    forge.create_pull_request(NEW, spec())
    forge.close_pull_request(NEW, 1, by=ADA)
    assert forge.delete_branch(NEW, BRANCH, expected=hosted.bare.heads()[BRANCH])
    assert stays()
    assert stand_in.server.sent("DELETE") == []


def test_without_issues_the_pull_requests_still_count(forge, stand_in, meta):
    head = create(forge, meta).head
    stand_in.known(NEW).has_issues = False
    assert forge.delete_repository(NEW, expected_head=head)
    stand_in.repository("acme/empty", {})
    assert not forge.delete_repository("acme/empty", expected_head=head)


def test_a_branch_is_deleted_only_where_it_was_seen(forge, stand_in, topic):
    bare = stand_in.bare(REPO)
    moved = bare.write(BRANCH, {"a.txt": "more\n"})
    assert not forge.delete_branch(REPO, BRANCH, expected=topic)
    assert bare.heads()[BRANCH] == moved
    assert forge.delete_branch(REPO, BRANCH, expected=moved)
    assert BRANCH not in bare.heads()


def test_all_that_an_organisation_has_is_listed(forge, stand_in):
    hosted = stand_in.known(REPO)
    hosted.description, hosted.is_archived = "What runs", True
    stand_in.repository("acme/fork")
    stand_in.known("acme/fork").is_fork = True
    for number in range(105):
        stand_in.repository(f"acme/r{number}", {})
    found = list(forge.list_repositories("acme"))
    assert found[:2] == [
        RepositoryEntry(REPO, "What runs", "main", is_archived=True),
        RepositoryEntry("acme/fork", "", "main", is_fork=True),
    ]
    assert len(found) == 107
    with pytest.raises(RepositoryGone, match="look for nobody"):
        list(forge.list_repositories("nobody"))


def test_of_a_person_the_public_ones_are_listed_and_of_oneself_all(forge, stand_in):
    stand_in.add_account("mia")
    for name, is_private in (("mia/open", False), ("mia/secret", True), (f"{BOT}/own", True)):
        stand_in.add(name).is_private = is_private
    assert [each.full_name for each in forge.list_repositories("mia")] == ["mia/open"]
    assert [each.full_name for each in forge.list_repositories(BOT)] == [f"{BOT}/own"]


def test_webhooks_are_listed_with_their_last_answer(forge, stand_in):
    hook = {
        "type": "Repository", "id": 1, "name": "web", "active": True, "events": ["push", "pull_request"],
        "config": {"url": "https://ci.example/hook", "secret": "********"}, "updated_at": "2026-01-01T00:00:00Z",
        "created_at": "2026-01-01T00:00:00Z", "url": "https://x.example/1", "test_url": "https://x.example/1/test",
        "ping_url": "https://x.example/1/ping", "last_response": {"code": 502, "status": "bad", "message": None},
    }  # fmt: skip
    new = {"code": None, "status": "unused", "message": None}
    stand_in.known(REPO).rights[BOT] = "admin"
    stand_in.known(REPO).hooks = [hook, {**hook, "id": 2, "active": False, "last_response": new}]
    events = frozenset({"push", "pull_request"})
    assert forge.list_webhooks(REPO) == (
        WebhookEntry("https://ci.example/hook", is_active=True, events=events, last_status=502),
        WebhookEntry("https://ci.example/hook", is_active=False, events=events, last_status=None),
    )


def test_webhooks_that_may_not_be_seen_are_told_from_a_missing_repository(forge, stand_in):
    with pytest.raises(PermissionDenied, match="read:repo_hook"):
        forge.list_webhooks(REPO)
    with pytest.raises(RepositoryGone):
        forge.list_webhooks("acme/never")
