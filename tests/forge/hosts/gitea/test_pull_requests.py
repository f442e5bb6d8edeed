"""Pull requests at Gitea: found, described, opened, changed and closed."""

from __future__ import annotations

from datetime import datetime

import pytest

from flagstone.forge.errors import NotAllowed, PullRequestNotOpen
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import PullRequestState, Verdict
from flagstone.forge.hosts.markers import change_marker, marked_change
from tests.forge.hosts.gitea.conftest import ADA, BRANCH, CHANGE, FLAGSTONE, REPO, as_person, spec
from tests.stand_ins.gitea import BOT

PULL = f"/repos/{REPO}/pulls/1"


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())


def test_what_is_opened_is_as_it_was_asked_for(stand_in, forge, topic):
    made = forge.create_pull_request(REPO, spec())
    (sent,) = stand_in.server.sent("POST")
    assert sent.json == {
        "title": "Raise the limit",
        "body": f"It is too low.\n\n{change_marker(CHANGE)}",
        "head": BRANCH,
        "base": "main",
    }
    assert (made.number, made.title, made.source, made.target) == (
        1,
        "Raise the limit",
        BRANCH,
        "main",
    )
    assert (made.head, made.base) == (topic, stand_in.bare(REPO).heads()["main"])
    assert (made.state, made.author.login) == (PullRequestState.OPEN, BOT)
    assert marked_change(made.body) == CHANGE
    assert made.url == f"{stand_in.web_url}/{REPO}/pulls/1"


def test_a_draft_is_a_word_that_nobody_reads(stand_in, forge, topic):
    made = forge.create_pull_request(REPO, spec(is_draft=True))
    assert stand_in.known(REPO).pulls[1].title == "WIP: Raise the limit"
    assert (made.title, made.is_draft, made.ready_at) == ("Raise the limit", True, None)


def test_a_title_that_reads_like_a_draft_makes_none(stand_in, forge, topic):
    assert not forge.create_pull_request(REPO, spec(title="wip: Raise it")).is_draft
    assert stand_in.known(REPO).pulls[1].title == "Raise it"


def test_a_branch_leads_to_another(forge, stand_in):
    with pytest.raises(NotAllowed, match="another branch than 'main'"):
        forge.create_pull_request(REPO, spec(source="main"))
    assert stand_in.server.requests == []


def test_row_40_a_long_body_is_cut_and_keeps_its_mark(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec(body="é" * 70_000))
    body = stand_in.known(REPO).pulls[1].body
    assert len(body) == forge.capabilities.longest_body == 65_536
    assert marked_change(body) == CHANGE
    assert "The rest is left out" in body


def test_everything_about_a_pull_request(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec(is_draft=True))
    eve, bob = stand_in.person("eve"), stand_in.person("bob")
    eve.do("POST", f"/repos/{REPO}/issues/1/comments", {"body": "Why?"})
    asked_at = stand_in.clock
    bob.do("PATCH", PULL, {"title": "Raise the limit"})
    ready_at = stand_in.clock
    bob.do("POST", f"{PULL}/reviews", {"event": "REQUEST_CHANGES", "body": "Not yet"})
    bob.do("POST", f"{PULL}/reviews", {"event": "APPROVED", "body": "Now"})
    approved_at = stand_in.clock
    found = forge.get_pull_request(REPO, 1)
    assert (found.is_draft, found.ready_at) == (False, ready_at)
    assert (found.first_review_at, found.approved_at) == (asked_at, approved_at)
    assert [(each.by.login, each.verdict, each.body) for each in found.reviews] == [
        ("bob", Verdict.CHANGES_REQUESTED, "Not yet"),
        ("bob", Verdict.APPROVED, "Now"),
    ]
    assert {each.commit for each in found.reviews} == {topic}
    assert [(each.by.login, each.body) for each in found.comments] == [("eve", "Why?")]
    assert found.began_at is not None
    assert found.began_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert (found.updated_at, found.has_conflict) == (stand_in.clock, False)


def test_nobody_looked_yet_where_only_the_author_or_flagstone_spoke(stand_in, forge, topic):
    stand_in.person("ada").do(
        "POST", f"/repos/{REPO}/pulls", {"title": "T", "head": BRANCH, "base": "main"}
    )
    stand_in.person("ada").do("POST", f"/repos/{REPO}/issues/1/comments", {"body": "Please"})
    forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Checked.", marker="<!-- flagstone:checks -->")
    assert forge.get_pull_request(REPO, 1).first_review_at is None
    forge.upsert_comment(REPO, 1, by=ADA, body="Looks odd to me.")
    assert forge.get_pull_request(REPO, 1).first_review_at == stand_in.clock


def test_five_requests_are_enough(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    bob = stand_in.person("bob")
    bob.do("POST", f"{PULL}/reviews", {"event": "APPROVED"})
    bob.do("POST", f"/repos/{REPO}/issues/1/comments", {"body": "Fine"})
    stand_in.most = 5
    for number in range(9):
        stand_in.bare(REPO).write(BRANCH, {"a.txt": f"{number}\n"})
    stand_in.server.requests.clear()
    found = forge.get_pull_request(REPO, 1)
    assert (len(found.reviews), len(found.comments)) == (1, 1)
    assert len(stand_in.server.requests) == 5
    assert found.began_at is not None, "the oldest commit is on the last page"


def test_it_began_with_its_oldest_commit(stand_in, forge):
    bare = stand_in.bare(REPO)
    for day in (3, 1, 2):
        bare.git("config", "user.name", "Ada")
        parent = bare.heads().get(BRANCH, "main")
        bare.write(BRANCH, {"a.txt": f"{day}\n"})
        at = f"2025-11-0{day}T10:00:00Z"
        tree = bare.git("rev-parse", f"{BRANCH}^{{tree}}")
        raw = (
            f"tree {tree}\nparent {bare.git('rev-parse', parent)}\n"
            f"author Ada <ada@example.com> {_seconds(at)} +0000\n"
            "committer Ada <ada@example.com> 1767225600 +0000\n\nChange\n"
        )
        commit = bare.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
        bare.git("update-ref", f"refs/heads/{BRANCH}", commit)
    forge.create_pull_request(REPO, spec())
    began_at = forge.get_pull_request(REPO, 1).began_at
    assert began_at is not None
    assert began_at.isoformat() == "2025-11-01T10:00:00+00:00"


@pytest.mark.parametrize("most", [50, 7])
def test_a_long_timeline_is_read_to_its_end_though_comments_on_lines_are_left_out(
    stand_in, forge, topic, most
):
    stand_in.most = most
    forge.create_pull_request(REPO, spec(is_draft=True))
    bob = stand_in.person("bob")
    lines = [{"path": "a.txt", "body": "hm", "new_position": 1}] * 60
    bob.do("POST", f"{PULL}/reviews", {"event": "COMMENT", "comments": lines})
    bob.do("PATCH", PULL, {"title": "Raise the limit"})
    ready_at = stand_in.clock
    for number in range(8):
        bob.do("POST", f"/repos/{REPO}/issues/1/comments", {"body": f"{number}"})
    found = forge.get_pull_request(REPO, 1)
    assert found.ready_at == ready_at
    assert [each.body for each in found.comments] == [str(number) for number in range(8)]


def test_changed_files_are_counted_over_all_pages(stand_in, forge):
    files = {f"f{number:03}.txt": "one\ntwo\n" for number in range(13)}
    stand_in.most = 5
    stand_in.bare(REPO).write(BRANCH, {**files, "README.md": "bye\n"})
    forge.create_pull_request(REPO, spec())
    assert forge.changed_files(REPO, 1) == (
        FileSize("README.md", 1, 1),
        *(FileSize(path, 2, 0) for path in files),
    )


def test_a_change_keeps_what_it_does_not_name(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec(is_draft=True))
    changed = forge.update_pull_request(REPO, 1, title="Raise it", body="Far too low.")
    assert (changed.title, changed.is_draft) == ("Raise it", True)
    assert changed.body == f"Far too low.\n\n{change_marker(CHANGE)}"
    assert stand_in.known(REPO).pulls[1].title == "WIP: Raise it"
    ready = forge.update_pull_request(REPO, 1, is_draft=False)
    assert (ready.title, ready.is_draft, ready.ready_at) == ("Raise it", False, stand_in.clock)
    assert ready.body == changed.body
    again = forge.update_pull_request(REPO, 1, is_draft=True)
    assert (again.is_draft, again.ready_at) == (True, None)


def test_a_change_to_what_is_there_already_writes_nothing(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    forge.update_pull_request(
        REPO, 1, title="Raise the limit", body="It is too low.", is_draft=False
    )
    assert stand_in.server.sent("PATCH") == []


def test_a_mark_in_a_persons_words_is_taken_out(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    other = change_marker(CHANGE).replace("01 -->", "02 -->")
    forge.update_pull_request(REPO, 1, body=f"Mine {other}")
    assert stand_in.known(REPO).pulls[1].body == f"Mine\n\n{change_marker(CHANGE)}"


def test_closing_twice_is_closing_once(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    for _ in range(2):
        closed = forge.close_pull_request(REPO, 1, by=ADA)
        assert (closed.state, closed.closed_by.login) == (PullRequestState.CLOSED, BOT)
    assert [each.json for each in stand_in.server.sent("PATCH")] == [{"state": "closed"}]
    with pytest.raises(PullRequestNotOpen, match="closed already"):
        forge.update_pull_request(REPO, 1, is_draft=True)


def test_what_was_merged_meanwhile_is_not_closed(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    merge = {"Do": "merge", "do": "merge"}
    bob, answer = stand_in.person("bob"), stand_in.server.answer

    def merged_first(request):
        if request.method == "PATCH":
            stand_in.server.answer = answer
            assert answer(as_person(bob, "POST", f"{PULL}/merge", merge)).status == 200
        return answer(request)

    stand_in.server.answer = merged_first
    with pytest.raises(PullRequestNotOpen, match="#1 is merged already"):
        forge.close_pull_request(REPO, 1, by=ADA)


def test_reviews_are_given_at_the_host_itself(stand_in, forge):
    with pytest.raises(NotAllowed, match="at the code host itself"):
        forge.submit_review(REPO, 1, by=ADA, verdict=Verdict.APPROVED)
    assert stand_in.server.requests == []
    assert (forge.capabilities.acts_for_people, forge.capabilities.dedupes_open_pull_requests) == (
        False, True,
    )  # fmt: skip
