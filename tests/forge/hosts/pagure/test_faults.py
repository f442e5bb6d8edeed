"""What goes wrong with any request: lost answers, redirects, pages of HTML; and credentials stay where they belong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import (
    AlreadyExists,
    AuthenticationFailed,
    ForgeError,
    HeadMoved,
    MergeConflict,
    NotAllowed,
    OutcomeUnknown,
    PolicyRejected,
    PullRequestNotFound,
    RateLimited,
    RefNotFound,
    RepositoryExists,
    RepositoryMoved,
    ReviewersRefused,
    ServerError,
)
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import CommitStatus, MergeMethod, StatusState, Verdict
from flagstone.forge.hosts.markers import marked_change
from tests.forge.hosts.pagure.conftest import REPO
from tests.forge.hosts.pagure.worlds import ADA, BRANCH, CHANGE, FLAGSTONE, adapter, meta, spec
from tests.forge.repositories import change_set
from tests.http_server import Fault, Reply, serving
from tests.stand_ins.pagure import TOKEN

HEAD = "a" * 40
Ask = Callable[[Any], Any]
PENDING = CommitStatus("c", StatusState.PENDING, "", datetime(2026, 3, 2, tzinfo=UTC))
READS: dict[str, Ask] = {
    "describe": lambda forge: forge.get_repository(REPO),
    "find": lambda forge: forge.find_pull_request(REPO, source=BRANCH, target="main"),
    "get": lambda forge: forge.get_pull_request(REPO, 1),
    "touched": lambda forge: forge.touched_pull_requests(REPO),
    "files": lambda forge: forge.changed_files(REPO, 1),
    "list": lambda forge: list(forge.list_repositories("acme")),
    "webhooks": lambda forge: forge.list_webhooks(REPO),
    "statuses": lambda forge: forge.commit_statuses(REPO, HEAD),
}
WRITES: dict[str, Ask] = {
    "create": lambda forge: forge.create_pull_request(REPO, spec()),
    "update": lambda forge: forge.update_pull_request(REPO, 1, title="New"),
    "close": lambda forge: forge.close_pull_request(REPO, 1, by=ADA),
    "merge": lambda forge: forge.merge_pull_request(
        REPO, 1, expected_head=HEAD, method=MergeMethod.MERGE, by=ADA
    ),
    "review": lambda forge: forge.submit_review(REPO, 1, by=ADA, verdict=Verdict.APPROVED),
    "comment": lambda forge: forge.upsert_comment(REPO, 1, by=ADA, body="b", marker="<!-- m -->"),
    "label": lambda forge: forge.set_labels(REPO, 1, ("a",)),
    "ask": lambda forge: forge.request_reviewers(REPO, 1, ("bob",)),
    "status": lambda forge: forge.set_commit_status(REPO, HEAD, PENDING),
    "delete": lambda forge: forge.delete_repository(REPO, expected_head=HEAD),
}
EVERY = {**READS, **WRITES}
NONSENSE: dict[str, Any] = {
    "a page": b"<html>maintenance</html>",
    "half a JSON": b'{"id": 1,',
    "a number": 3,
    "an empty object": {},
    "a list of numbers": [3],
    "null": b"null",
    "wrong types": {"id": "1", "branches": [], "default": "main", "total_requests": "many"},
    "deep": b"[" * 100_000,
}
# of the answer to this write nothing is read but that it is JSON
FINE = {("status", nonsense) for nonsense in NONSENSE} - {
    ("status", nonsense) for nonsense in ("a page", "half a JSON", "deep")
}


def speaking_to(url: str) -> Any:
    return adapter(f"{url}/api/0", url)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_row_41_nonsense_is_an_error_with_words(name, nonsense):
    with serving(lambda _: Reply(200, NONSENSE[nonsense])) as server:
        forge = speaking_to(server.url)
        if (name, nonsense) in FINE:
            assert EVERY[name](forge) is None
            return
        with pytest.raises((ServerError, OutcomeUnknown), match=r"pagure\.example"):
            EVERY[name](forge)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, {"error": "x", "error_code": "EINVALIDTOK", "errors": "Invalid token"}), AuthenticationFailed),
        (Reply(429, {"message": "slow"}, {"Retry-After": "7"}), RateLimited),
        (Reply(403, b"<html>abuse", {"Retry-After": "30"}), RateLimited),
        (Reply(301, {}, {"Location": "https://elsewhere.example/api/0/new/name"}), RepositoryMoved),
        (Reply(502, b"<html>Bad gateway</html>"), (ServerError, OutcomeUnknown)),
    ],
)  # fmt: skip
def test_rows_21_and_28_what_any_request_may_be_answered(name, reply, kind):
    with serving(lambda _: reply) as server:
        with pytest.raises(kind):
            EVERY[name](speaking_to(server.url))
        assert len(server.requests) == 1, "nothing is sent again"


def test_row_28_a_credential_follows_nobody_to_another_host(stand_in, forge, topic):
    with serving(lambda _: Reply(200, {})) as other:
        for status in (301, 302, 307, 308):
            place = f"{other.url}/api/0/evil/gitops"
            stand_in.server.faults.append(Fault(f"/{REPO}", Reply(status, {}, {"Location": place})))
            with pytest.raises(RepositoryMoved, match="evil/gitops"):
                forge.get_repository(REPO)
        stand_in.git.moved[f"/{REPO}.git"] = f"{other.url}/{REPO}.git"
        with pytest.raises(RepositoryMoved), GitWorkspace(forge.git_remote(REPO)) as workspace:
            workspace.observe()
        assert other.requests == []


def test_row_28_pages_are_asked_for_here_whatever_next_says(stand_in, forge, topic, monkeypatch):
    monkeypatch.setattr("flagstone.forge.hosts.pagure.api.PAGE_SIZE", 1)
    for name in ("one", "two", "three"):
        stand_in.bare(REPO).git("update-ref", f"refs/heads/{name}", topic)
        forge.create_pull_request(REPO, spec(source=name))
    assert [each.number for each in forge.touched_pull_requests(REPO)] == [1, 2, 3]
    asked = stand_in.server.sent("pull-requests?")
    assert [request.path.partition("page=")[2][0] for request in asked[-3:]] == ["1", "2", "3"]
    monkeypatch.setattr("flagstone.forge.hosts.pagure.api.MOST_PAGES", 2)
    with pytest.raises(ServerError, match="more than 2 entries"):
        forge.touched_pull_requests(REPO)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 500])
def test_row_29_a_credential_is_in_no_error_and_no_log(name, status, caplog):
    caplog.set_level(logging.DEBUG)
    echo = {
        "error": f"bad token {TOKEN}", "error_code": "EINVALIDREQ", "title": TOKEN,
        "errors": {"token": [f"Authorization: token {TOKEN}"]},
    }  # fmt: skip
    with serving(lambda _: Reply(status, echo, {"Location": "/x"})) as server:
        shown = ""
        try:
            EVERY[name](speaking_to(server.url))
        except ForgeError as error:
            shown = "".join(traceback.format_exception(error)) + repr(error.params)
        assert TOKEN not in shown
        assert all(TOKEN not in f"{each.path} {each.body!r}" for each in server.requests)
    assert TOKEN not in caplog.text


def test_row_29_git_keeps_the_credential_out_of_addresses_and_files(stand_in, forge):
    remote = forge.git_remote(REPO)
    assert remote.url == f"{stand_in.web_url}/{REPO}.git"
    assert TOKEN not in repr(remote)
    with GitWorkspace(remote) as workspace:
        assert set(workspace.observe().branches) == {"main"}
        written = [path.read_bytes() for path in workspace._folder.rglob("*") if path.is_file()]
    assert all(TOKEN.encode() not in content for content in written)


@pytest.mark.parametrize("is_done", [True, False])
def test_rows_16_and_24_an_opening_without_an_answer_is_found_if_it_was_done(
    stand_in, forge, topic, is_done
):
    stand_in.server.faults.append(Fault("POST", cuts=True, is_done=is_done, reply=Reply(500)))
    with pytest.raises(OutcomeUnknown):
        forge.create_pull_request(REPO, spec())
    found = forge.find_pull_request(REPO, source=BRANCH, target="main")
    assert (found is not None) is is_done
    if found:
        assert marked_change(found.body) == CHANGE
        with pytest.raises(AlreadyExists):
            forge.create_pull_request(REPO, spec())
    assert len(stand_in.server.sent("POST")) == 1


def test_one_that_was_opened_is_told_of_even_if_nothing_else_can_be_read(stand_in, forge, topic):
    stand_in.server.faults.append(Fault(f"/c/{topic}/info", Reply(503), times=9))
    pull = forge.create_pull_request(REPO, spec())
    assert (pull.number, pull.head, pull.began_at) == (1, topic, None)


def test_a_branch_that_goes_in_the_moment_of_the_opening_is_told(stand_in, forge, topic):
    gone = {"error": "x", "error_code": "EINVALIDREQ", "errors": "Branch x does not exist"}
    stand_in.server.faults.append(Fault("POST", Reply(400, gone)))
    with pytest.raises(PolicyRejected, match="Branch x does not exist"):
        forge.create_pull_request(REPO, spec())  # both are there: so it is something else


def test_a_merge_whose_answer_is_lost_is_found_done(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    stand_in.server.faults.append(Fault("/merge", cuts=True, is_done=True))
    ask = {"expected_head": topic, "method": MergeMethod.MERGE, "by": ADA}
    with pytest.raises(OutcomeUnknown):
        forge.merge_pull_request(REPO, 1, **ask)
    done = forge.merge_pull_request(REPO, 1, **ask)
    assert done.merge == stand_in.bare(REPO).heads()["main"]
    assert len(stand_in.server.sent("POST /api/0/gitops/pull-request/1/merge")) == 1


def test_a_merge_that_was_done_and_cannot_be_looked_at_is_not_known(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    ask = {"expected_head": topic, "method": MergeMethod.MERGE, "by": ADA}
    stand_in.server.faults.append(Fault("/merge", Reply(200, {"message": "Changes merged!"})))
    with pytest.raises(PolicyRejected, match="may allow no merge commits"):
        forge.merge_pull_request(REPO, 1, **ask)  # it said so, and it is open

    def answer(request):
        if request.path.endswith("/merge"):
            stand_in.server.faults.append(Fault("GET", Reply(503), times=99))
        return stand_in.answer(request)

    stand_in.server.answer = answer
    with pytest.raises(OutcomeUnknown, match="says that it merged"):
        forge.merge_pull_request(REPO, 1, **ask)


def test_commits_that_come_in_the_moment_of_the_merge_are_told(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())

    def answer(request):
        if request.path.endswith("/merge"):
            stand_in.bare(REPO).write(BRANCH, {"late": "1\n"})
        return stand_in.answer(request)

    stand_in.server.answer = answer
    with pytest.raises(HeadMoved, match="merged them as well"):
        forge.merge_pull_request(REPO, 1, expected_head=topic, method=MergeMethod.MERGE, by=ADA)


def test_row_8_a_rule_against_a_merge_is_told_from_a_conflict(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    ask = {"expected_head": topic, "method": MergeMethod.MERGE, "by": ADA}
    conflict = Reply(409, {"error": "x", "error_code": "EPRCONFLICTS"})
    stand_in.server.faults.append(Fault("/merge", conflict))
    with pytest.raises(PolicyRejected, match="though the two go together: a rule"):
        forge.merge_pull_request(REPO, 1, **ask)
    stand_in.bare(REPO).write("main", {"a.txt": "other\n"})
    with pytest.raises(MergeConflict, match=r"both sides changed a\.txt"):
        forge.merge_pull_request(REPO, 1, **ask)
    stand_in.bare(REPO).git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(RefNotFound, match="its target main is gone"):
        forge.merge_pull_request(REPO, 1, **ask)


def test_a_repository_that_somebody_makes_at_the_same_time_is_theirs(stand_in, forge):
    taken = Reply(400, {"error": "It is not possible", "error_code": "ENOCODE"})

    def answer(request):
        if request.path.endswith("/new"):
            stand_in.repository("tools", {"theirs": "1\n"})
            return taken
        return stand_in.answer(request)

    stand_in.server.answer = answer
    files = change_set({"README.md": "hello\n"})
    with pytest.raises(RepositoryExists):
        forge.create_repository("tools", description="d", files=files, meta=meta())
    stand_in.server.answer = lambda request: (
        taken if request.path.endswith("/new") else Reply(404, {"error_code": "ENOPROJECT"})
    )
    with pytest.raises(PolicyRejected, match="It is not possible"):
        forge.create_repository("tools", description="d", files=files, meta=meta())


def test_a_comment_whose_answer_is_lost_is_not_written_twice(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    stand_in.server.faults.append(Fault("/comment", cuts=True, is_done=True))
    ask = {"by": FLAGSTONE, "body": "Hello", "marker": "<!-- flagstone:note=1 -->"}
    with pytest.raises(OutcomeUnknown):
        forge.upsert_comment(REPO, 1, **ask)
    forge.upsert_comment(REPO, 1, **ask)
    assert len(forge.get_pull_request(REPO, 1).comments) == 1
    stand_in.server.faults.append(Fault("/comment", Reply(200, {"message": "Comment added"})))
    with pytest.raises(OutcomeUnknown, match="does not show it"):
        forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Other", marker="")


def test_a_persons_words_are_quoted_and_call_nobody(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    said = forge.upsert_comment(REPO, 1, by=ADA, body="@admin +1")
    assert said.body == "**Ada** says through Flagstone:\n\n> @\u200badmin +1"


def test_what_the_api_cannot_do_is_said(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    stand_in.projects[REPO].pulls[0].tags = ["b", "a"]
    assert forge.set_labels(REPO, 1, ("a", "b")).labels == ("a", "b")
    for ask in (lambda: forge.set_labels(REPO, 1, ()), lambda: READY(forge)):
        with pytest.raises(NotAllowed):
            ask()
    forge.request_reviewers(REPO, 1, ())
    with pytest.raises(ReviewersRefused, match="Ask bob yourself"):
        forge.request_reviewers(REPO, 1, ("bob",))
    with pytest.raises(NotAllowed, match="no drafts"):
        forge.create_pull_request(REPO, spec(is_draft=True))
    assert len(stand_in.server.sent("POST")) == 1


READY: Ask = lambda forge: forge.update_pull_request(REPO, 1, is_draft=True)  # noqa: E731


def test_nothing_is_sent_where_nothing_changes(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    pull = forge.update_pull_request(REPO, 1, title="Raise the limit", body="It is too low.")
    assert pull.title == "Raise the limit"
    assert len(stand_in.server.sent("POST")) == 1


def test_a_missing_pull_request_is_told_by_every_question(stand_in, forge):
    for name in ("get", "files", "update", "close", "merge", "review", "comment", "label", "ask"):
        with pytest.raises(PullRequestNotFound, match="no pull request #1 in gitops"):
            EVERY[name](forge)


def test_a_namespace_lists_what_lies_in_it_and_forks_are_their_makers(stand_in, forge):
    stand_in.groups.add("acme")
    stand_in.repository("acme/tools")
    stand_in.add("acme/empty", "admin")
    stand_in.add("fork/ada/acme/tools", "admin").parent = stand_in.projects["acme/tools"]
    found = {each.full_name: each for each in forge.list_repositories("acme")}
    assert {name: each.default_branch for name, each in found.items()} == {
        "acme/tools": "main", "acme/empty": "",
    }  # fmt: skip
    of_admin = {each.full_name: each.is_fork for each in forge.list_repositories("admin")}
    assert of_admin == {"acme/empty": False, "fork/ada/acme/tools": True}
    stand_in.groups.add("idle")
    assert list(forge.list_repositories("idle")) == []
