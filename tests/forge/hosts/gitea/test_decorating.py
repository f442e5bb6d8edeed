"""Labels and reviewers: what can be done is done, and the rest is named."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import PermissionDenied, PullRequestNotFound, ReviewersRefused
from tests.forge.hosts.gitea.conftest import REPO, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.gitea import BOT


@pytest.fixture
def pull(forge, topic):
    return forge.create_pull_request(REPO, spec())


def label_names(stand_in):
    return [label["name"] for label in stand_in.known(REPO).labels]


def test_labels_are_set_by_their_ids_and_missing_ones_are_made(stand_in, forge, pull):
    bug = stand_in.add_label(stand_in.known(REPO).labels, "bug")
    paved = stand_in.add_label(stand_in.organisation_labels.setdefault("acme", []), "paved")
    labelled = forge.set_labels(REPO, 1, ("paved", "bug", "new", "bug"))
    assert labelled.labels == ("bug", "new", "paved")
    assert label_names(stand_in) == ["bug", "new"]
    (sent,) = stand_in.server.sent("PUT")
    new = stand_in.known(REPO).labels[1]
    assert sent.json == {"labels": sorted([bug["id"], paved["id"], new["id"]])}


def test_a_repositorys_own_label_goes_before_its_organisations(stand_in, forge, pull):
    ours = stand_in.add_label(stand_in.known(REPO).labels, "bug")
    stand_in.add_label(stand_in.organisation_labels.setdefault("acme", []), "bug")
    forge.set_labels(REPO, 1, ("bug",))
    assert [label["id"] for label in stand_in.known(REPO).pulls[1].labels] == [ours["id"]]


def test_others_are_taken_off_and_the_same_again_writes_nothing(stand_in, forge, pull):
    forge.set_labels(REPO, 1, ("a", "b"))
    assert forge.set_labels(REPO, 1, ("b", "c")).labels == ("b", "c")
    stand_in.server.requests.clear()
    forge.set_labels(REPO, 1, ("c", "b"))
    assert [each.method for each in stand_in.server.requests if each.method != "GET"] == []
    assert forge.set_labels(REPO, 1, ()).labels == ()


def test_a_label_on_the_last_page_is_not_made_twice(stand_in, forge, pull):
    stand_in.most = 3
    for number in range(8):
        stand_in.add_label(stand_in.known(REPO).labels, f"l{number}")
    assert forge.set_labels(REPO, 1, ("l7",)).labels == ("l7",)
    assert len(label_names(stand_in)) == 8


@pytest.mark.parametrize("status", [403, 404])
def test_an_owner_without_labels_of_their_own_does_no_harm(stand_in, forge, pull, status):
    stand_in.server.faults.append(Fault("/orgs/acme/labels", Reply(status, {"message": "no"})))
    assert forge.set_labels(REPO, 1, ("a",)).labels == ("a",)


def test_row_25_labels_that_may_not_be_made_are_named_and_the_others_set(stand_in, forge, pull):
    stand_in.add_label(stand_in.known(REPO).labels, "bug")
    stand_in.server.faults.append(
        Fault(f"POST /api/v1/repos/{REPO}/labels", Reply(403, {"message": "no"}), times=2)
    )
    with pytest.raises(PermissionDenied, match="has no label 'x', 'y'") as caught:
        forge.set_labels(REPO, 1, ("bug", "x", "y"))
    assert caught.value.params["labels"] == ["x", "y"]
    assert forge.get_pull_request(REPO, 1).labels == ("bug",)


def test_row_25_who_may_not_label_is_told_and_the_pull_request_stays(stand_in, forge, pull):
    stand_in.server.faults.append(Fault("PUT", Reply(403, {"message": "no write:issue"})))
    with pytest.raises(PermissionDenied, match="write:issue"):
        forge.set_labels(REPO, 1, ("a",))
    assert forge.get_pull_request(REPO, 1).state.value == "open"


def test_reviewers_are_asked_at_once_and_asking_again_is_fine(stand_in, forge, pull):
    stand_in.add_person("bob")
    stand_in.add_person("eve")
    for _ in range(2):
        forge.request_reviewers(REPO, 1, ("eve", "bob", "bob"))
    sent = stand_in.server.sent("requested_reviewers")
    assert [each.json for each in sent] == [{"reviewers": ["bob", "eve"]}] * 2
    assert [each.login for each in stand_in.known(REPO).pulls[1].asked] == ["bob", "eve"]
    forge.request_reviewers(REPO, 1, ())
    assert len(stand_in.server.sent("requested_reviewers")) == 2


def test_row_25_reviewers_who_cannot_be_asked_are_named_and_the_others_asked(stand_in, forge, pull):
    stand_in.add_person("bob")
    stand_in.add_person("guest", may_write=False)
    with pytest.raises(ReviewersRefused, match=f"does not ask {BOT}, ghost, guest") as caught:
        forge.request_reviewers(REPO, 1, ("bob", "ghost", "guest", BOT))
    assert caught.value.params["logins"] == [BOT, "ghost", "guest"]
    assert [each.login for each in stand_in.known(REPO).pulls[1].asked] == ["bob"]


def test_row_25_one_reviewer_who_is_refused_is_asked_once(stand_in, forge, pull):
    with pytest.raises(ReviewersRefused, match="ghost"):
        forge.request_reviewers(REPO, 1, ("ghost",))
    assert len(stand_in.server.sent("requested_reviewers")) == 1


def test_reviewers_of_what_is_not_there_are_not_blamed(stand_in, forge, pull):
    with pytest.raises(PullRequestNotFound):
        forge.request_reviewers(REPO, 9, ("bob", "eve"))


def test_who_may_not_ask_for_reviews_is_told(stand_in, forge, pull):
    stand_in.server.faults.append(Fault("requested_reviewers", Reply(403, {"message": "no"})))
    with pytest.raises(PermissionDenied):
        forge.request_reviewers(REPO, 1, ("bob",))
