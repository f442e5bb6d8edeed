"""Finding pull requests at Gitea: the newest between two branches, and all that changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flagstone.forge.errors import PullRequestNotFound
from flagstone.forge.hosts.base import Account, PullRequestState
from tests.forge.hosts.gitea.conftest import BRANCH, REPO, as_person, spec
from tests.http_server import Fault, Reply

PULL = f"/repos/{REPO}/pulls/1"


def test_row_19_one_that_a_person_closed_is_closed(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    stand_in.person("bob").do("PATCH", PULL, {"state": "closed"})
    found = forge.find_pull_request(REPO, source=BRANCH, target="main")
    assert (found.state, found.closed_at, found.merge) == (
        PullRequestState.CLOSED, stand_in.clock, "",
    )  # fmt: skip
    assert found.closed_by == Account("bob", "Bob", "bob@noreply.forge.example")


def test_row_20_one_that_a_person_merged_is_merged(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    before = stand_in.bare(REPO).heads()["main"]
    stand_in.person("bob").do("POST", f"{PULL}/merge", {"Do": "merge", "do": "merge"})
    stand_in.bare(REPO).git("update-ref", "-d", f"refs/heads/{BRANCH}")
    found = forge.find_pull_request(REPO, source=BRANCH, target="main")
    assert (found.state, found.head, found.base) == (PullRequestState.MERGED, topic, before)
    assert found.merge == stand_in.bare(REPO).heads()["main"]
    assert (found.merged_at, found.closed_by.login, found.source) == (stand_in.clock, "bob", BRANCH)


def test_the_newest_between_two_branches_is_found_in_a_state_or_in_any(stand_in, forge, topic):
    for state in ("closed", "closed", "open"):
        forge.create_pull_request(REPO, spec())
        number = max(stand_in.known(REPO).pulls)
        stand_in.person("bob").do("PATCH", f"/repos/{REPO}/pulls/{number}", {"state": state})
    stand_in.bare(REPO).write("other", {"b.txt": "b\n"})
    forge.create_pull_request(REPO, spec(source="other"))

    def found(**how):
        pull = forge.find_pull_request(REPO, **{"source": BRANCH, "target": "main", **how})
        return pull and pull.number

    assert found() == found(state=PullRequestState.OPEN) == 3
    assert found(state=PullRequestState.CLOSED) == 2
    assert found(state=PullRequestState.MERGED) is None
    assert found(target=BRANCH, source="main") is None
    assert found(source="other") == 4


def test_that_there_is_none_costs_two_requests(stand_in, forge, topic):
    assert forge.find_pull_request(REPO, source=BRANCH, target="main") is None
    assert [each.path for each in stand_in.server.requests] == [
        f"/api/v1/repos/{REPO}/pulls/main/{BRANCH}",
        f"/api/v1/repos/{REPO}",
    ]


@pytest.mark.parametrize(
    ("source", "reply"),
    [
        (BRANCH, Reply(404, b"<html>404 page not found</html>")),
        (BRANCH, Reply(404, b"")),
        ("files", None),
        ("reviews", None),
    ],
)
def test_where_the_question_is_not_understood_the_list_is_read(
    stand_in, forge, topic, source, reply
):
    stand_in.most = 4
    stand_in.bare(REPO).git("update-ref", f"refs/heads/{source}", topic)
    forge.create_pull_request(REPO, spec(source=source))
    for number in range(9):
        stand_in.bare(REPO).git("update-ref", f"refs/heads/many/{number}", topic)
        forge.create_pull_request(REPO, spec(source=f"many/{number}"))
    if reply is not None:
        stand_in.server.faults.append(Fault(f"pulls/main/{source}", reply))
    found = forge.find_pull_request(REPO, source=source, target="main")
    assert (found.number, found.source) == (1, source)


def test_a_target_with_a_slash_is_looked_for_in_the_list(stand_in, forge, topic):
    stand_in.bare(REPO).git("update-ref", "refs/heads/release/1", "main")
    forge.create_pull_request(REPO, spec(target="release/1"))
    assert forge.find_pull_request(REPO, source=BRANCH, target="release/1").number == 1
    assert stand_in.server.sent("pulls/release") == []


def test_a_number_that_is_not_there_is_told_from_a_hidden_repository(forge):
    with pytest.raises(PullRequestNotFound, match=r"no pull request #9 in acme/gitops"):
        forge.get_pull_request(REPO, 9)


def test_what_was_touched_comes_with_the_oldest_change_first(stand_in, forge, topic):
    stand_in.most = 4
    for number in range(1, 11):
        stand_in.bare(REPO).git("update-ref", f"refs/heads/many/{number}", topic)
        forge.create_pull_request(REPO, spec(source=f"many/{number}"))
    stand_in.person("bob").do("POST", f"/repos/{REPO}/issues/7/comments", {"body": "Hm"})
    touched = forge.touched_pull_requests(REPO)
    assert [each.number for each in touched] == [1, 2, 3, 4, 5, 6, 8, 9, 10, 7]
    assert touched[-1].updated_at == stand_in.clock
    stand_in.server.requests.clear()
    since = touched[-3].updated_at
    assert [each.number for each in forge.touched_pull_requests(REPO, since=since)] == [9, 10, 7]
    assert len(stand_in.server.requests) == 1, "older pages are not read"
    assert forge.touched_pull_requests(REPO, since=stand_in.clock + timedelta(seconds=1)) == []


def test_what_is_touched_while_the_pages_are_read_comes_once(stand_in, forge, topic):
    stand_in.most = 4
    for number in range(1, 11):
        stand_in.bare(REPO).git("update-ref", f"refs/heads/many/{number}", topic)
        forge.create_pull_request(REPO, spec(source=f"many/{number}"))
    answer, bob = stand_in.server.answer, stand_in.person("bob")

    def touching(request):
        if "page=2" in request.path:
            comment = as_person(bob, "POST", f"/repos/{REPO}/issues/2/comments", {"body": "Hm"})
            assert answer(comment).status == 201
        return answer(request)

    stand_in.server.answer = touching
    touched = forge.touched_pull_requests(REPO)
    # the second one's turn comes at the next reading, which begins where this one ended
    assert [each.number for each in touched] == [1, 3, 4, 5, 6, 7, 8, 9, 10]
