"""Pull requests at GitHub: opened once, found, read in few requests, changed and closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flagstone.forge.errors import (
    InvalidName,
    NotAllowed,
    PolicyRejected,
    PullRequestNotFound,
    PullRequestNotOpen,
)
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import Account, MergeMethod, PullRequestState, Verdict
from flagstone.forge.hosts.markers import marked_change
from tests.forge.hosts.github.conftest import (
    ADA,
    BRANCH,
    CHANGE,
    FLAGSTONE,
    REPO,
    client,
    spec,
)
from tests.stand_ins.github import BOT


def test_a_pull_request_is_opened_with_one_request(forge, stand_in, topic):
    main = stand_in.bare(REPO).heads()["main"]
    opened = forge.create_pull_request(REPO, spec())
    assert [f"{each.method} {each.path}" for each in stand_in.server.requests] == [
        f"POST /repos/{REPO}/pulls"
    ]
    assert (opened.number, opened.title, opened.state) == (1, "Raise the limit", "open")
    assert (opened.source, opened.target, opened.head, opened.base) == (BRANCH, "main", topic, main)
    assert (opened.author.login, opened.is_draft, opened.labels) == (BOT, False, ())
    assert opened.body.startswith("It is too low.")
    assert marked_change(opened.body) == CHANGE
    assert opened.url == f"{stand_in.web_url}/{REPO}/pull/1"
    assert (opened.opened_at, opened.ready_at) == (stand_in.clock, stand_in.clock)
    assert (opened.merge, opened.merged_at, opened.closed_at) == ("", None, None)
    request = stand_in.server.requests[0]
    assert request.headers["accept"] == "application/vnd.github+json"
    assert request.headers["x-github-api-version"] == "2022-11-28"


def test_the_newest_pull_request_between_two_branches_is_found(forge, stand_in, topic):
    assert forge.find_pull_request(REPO, source=BRANCH, target="main") is None
    first = forge.create_pull_request(REPO, spec())
    forge.close_pull_request(REPO, first.number, by=ADA)
    second = forge.create_pull_request(REPO, spec())
    stand_in.bare(REPO).write("other", {"b.txt": "one\n"})
    forge.create_pull_request(REPO, spec(source="other"))

    def found(state: PullRequestState | None = None) -> int | None:
        pull = forge.find_pull_request(REPO, source=BRANCH, target="main", state=state)
        return pull and pull.number

    assert found() == second.number
    assert found(PullRequestState.OPEN) == second.number
    assert found(PullRequestState.CLOSED) == first.number
    assert found(PullRequestState.MERGED) is None
    assert forge.find_pull_request(REPO, source=BRANCH, target="other") is None


def test_a_pull_request_of_a_fork_is_none_of_ours(forge, stand_in, topic):
    forge.create_pull_request(REPO, spec())
    server_answer = stand_in.server.answer

    def forked(request):
        reply = server_answer(request)
        if "head=acme" in request.path:
            for each in reply.body:
                each["head"]["repo"]["id"] += 1
        return reply

    stand_in.server.answer = forked
    assert forge.find_pull_request(REPO, source=BRANCH, target="main") is None


def test_what_happened_to_it_is_read_in_two_requests(forge, stand_in, topic):
    number = forge.create_pull_request(REPO, spec(is_draft=True)).number
    forge.upsert_comment(REPO, number, by=FLAGSTONE, body="Hello")
    theirs = client(stand_in, "mia").get_repo(REPO).get_pull(number)
    theirs.create_issue_comment("What is it for?")
    asked_at = stand_in.clock
    forge.update_pull_request(REPO, number, is_draft=False)
    ready_at = stand_in.clock
    theirs.create_review(body="No.", event="REQUEST_CHANGES")
    client(stand_in, "leo").get_repo(REPO).get_pull(number).create_review(event="APPROVE")
    approved_at = stand_in.clock
    stand_in.server.requests.clear()

    pull = forge.get_pull_request(REPO, number)

    assert len(stand_in.server.requests) == 2
    assert (pull.is_draft, pull.ready_at) == (False, ready_at)
    assert (pull.first_review_at, pull.approved_at) == (asked_at, approved_at)
    assert [(each.by.login, each.verdict, each.body) for each in pull.reviews] == [
        ("mia", Verdict.CHANGES_REQUESTED, "No."),
        ("leo", Verdict.APPROVED, ""),
    ]
    assert pull.reviews[0].commit == topic
    assert [(each.by.login, each.body) for each in pull.comments] == [
        (BOT, "Hello"),
        ("mia", "What is it for?"),
    ]
    assert pull.began_at == stand_in.bare(REPO).commit(topic).at
    assert pull.has_conflict is False


def test_a_long_story_takes_a_request_for_each_hundred_events(forge, stand_in, topic):
    number = forge.create_pull_request(REPO, spec()).number
    hosted = stand_in.known(REPO)
    for _ in range(250):
        stand_in.tick()
        stand_in.happen(hosted, hosted.pulls[number], "subscribed", stand_in.accounts[BOT])
    forge.close_pull_request(REPO, number, by=ADA)
    stand_in.server.requests.clear()
    assert forge.get_pull_request(REPO, number).closed_by == Account(BOT)
    assert len(stand_in.server.requests) == 4


def test_a_draft_has_no_time_at_which_it_was_ready(forge, topic):
    number = forge.create_pull_request(REPO, spec(is_draft=True)).number
    pull = forge.get_pull_request(REPO, number)
    assert (pull.is_draft, pull.ready_at) == (True, None)
    pull = forge.update_pull_request(REPO, number, is_draft=False)
    assert pull.ready_at is not None
    assert forge.update_pull_request(REPO, number, is_draft=True).ready_at is None


def test_new_words_keep_the_mark(forge, stand_in, topic):
    number = forge.create_pull_request(REPO, spec()).number
    pull = forge.update_pull_request(REPO, number, title=" Lower\nit ", body="It is too high.")
    assert pull.title == "Lower it"
    assert pull.body.startswith("It is too high.")
    assert marked_change(pull.body) == CHANGE
    stand_in.server.requests.clear()
    forge.update_pull_request(
        REPO, number, title="Lower it", body="It is too high.", is_draft=False
    )
    assert {each.method for each in stand_in.server.requests} == {"GET"}


def test_at_an_enterprise_server_drafts_are_changed_beside_the_rest_api(start):
    from tests.forge.hosts.github.conftest import adapter

    with start(is_enterprise=True) as stand_in:
        stand_in.bare(REPO).write(BRANCH, {"a.txt": "one\n"})
        forge = adapter(stand_in)
        number = forge.create_pull_request(REPO, spec()).number
        assert forge.update_pull_request(REPO, number, is_draft=True).is_draft
        assert [each.path for each in stand_in.server.sent("graphql")] == ["/api/graphql"]
        assert stand_in.server.sent(f"POST /api/v3/repos/{REPO}/pulls")


def test_where_there_are_no_drafts_github_says_so(forge, stand_in, topic):
    stand_in.known(REPO).has_drafts = False
    words = r"Draft pull requests are not supported"
    with pytest.raises(PolicyRejected, match=words):
        forge.create_pull_request(REPO, spec(is_draft=True))
    number = forge.create_pull_request(REPO, spec()).number
    with pytest.raises(PolicyRejected, match=words):
        forge.update_pull_request(REPO, number, is_draft=True)


def test_a_closed_pull_request_is_closed_again_without_a_write(forge, stand_in, topic):
    number = forge.create_pull_request(REPO, spec()).number
    closed = forge.close_pull_request(REPO, number, by=ADA)
    assert (closed.state, closed.closed_at) == (PullRequestState.CLOSED, stand_in.clock)
    stand_in.server.requests.clear()
    assert forge.close_pull_request(REPO, number, by=ADA) == closed
    assert {each.method for each in stand_in.server.requests} == {"GET"}
    with pytest.raises(PullRequestNotOpen):
        forge.update_pull_request(REPO, number, is_draft=True)


def test_a_merged_one_cannot_be_closed(forge, topic):
    number = forge.create_pull_request(REPO, spec()).number
    forge.merge_pull_request(REPO, number, expected_head=topic, method=MergeMethod.MERGE, by=ADA)
    with pytest.raises(PullRequestNotOpen, match="merged already"):
        forge.close_pull_request(REPO, number, by=ADA)


def test_a_number_without_a_pull_request_is_told_from_a_hidden_repository(forge):
    with pytest.raises(PullRequestNotFound, match=r"acme/gitops has no pull request #7"):
        forge.get_pull_request(REPO, 7)


def test_those_touched_are_listed_from_the_oldest_change(forge, stand_in, topic):
    first = forge.create_pull_request(REPO, spec()).number
    stand_in.bare(REPO).write("other", {"b.txt": "one\n"})
    second = forge.create_pull_request(REPO, spec(source="other"))
    forge.update_pull_request(REPO, first, title="Changed")
    changed_at = stand_in.clock

    def touched(**more):
        return [each.number for each in forge.touched_pull_requests(REPO, **more)]

    assert touched() == [second.number, first]
    assert touched(since=changed_at) == [first]
    assert touched(since=second.updated_at) == [second.number, first]
    assert touched(since=changed_at + timedelta(seconds=1)) == []


def test_files_are_counted(forge, stand_in):
    stand_in.bare(REPO).write(BRANCH, {"a.txt": "one\ntwo\n", "README.md": "bye\n"})
    number = forge.create_pull_request(REPO, spec()).number
    assert forge.changed_files(REPO, number) == (
        FileSize("README.md", 1, 1),
        FileSize("a.txt", 2, 0),
    )


def test_people_review_at_github_itself(forge, stand_in):
    with pytest.raises(NotAllowed, match=f"{stand_in.web_url}/{REPO}/pull/1"):
        forge.submit_review(REPO, 1, by=ADA, verdict=Verdict.APPROVED)
    assert stand_in.server.requests == []


@pytest.mark.parametrize(
    "name", ["gitops", "acme/", "-acme/x", "ac--me/x", "acme/..", "acme/x/y", "acme/x.git", "acme/ü", "a" * 40 + "/x"]
)  # fmt: skip
def test_a_name_that_github_does_not_take_is_refused_before_any_request(forge, stand_in, name):
    for asked in (forge.check_name, forge.git_remote, forge.get_repository):
        with pytest.raises(InvalidName, match="`owner/name`"):
            asked(name)
    assert stand_in.server.requests == []
    forge.check_name("Acme-2/a.b_c-d")
    forge.check_name("octo_acme/x")
