"""The fault matrix at code hosts of each kind: however it goes wrong, one branch, one pull request, the right tree."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge import pipeline
from flagstone.forge.credentials import keep_secret
from flagstone.forge.errors import (
    BranchOccupied,
    ForgeError,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    RateLimited,
    RepositoryGone,
    TimedOut,
)
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import PullRequestSpec, PullRequestState
from flagstone.forge.hosts.markers import marked_change
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest, SecretPurpose
from flagstone.forge.people import BOT_ACCOUNT
from tests.forge.remote.worlds import REPO, World
from tests.forge.repositories import files_at, git, push_by_hand
from tests.http_server import Fault, Reply


def reloaded(change: ChangeRequest) -> ChangeRequest:
    return ChangeRequest.objects.select_related("pull_request").get(pk=change.pk)


def branches(far: World) -> list[str]:
    return git(far.bare, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()


def sent_body(far: World) -> str:
    """Return the body of the pull request as it left Flagstone."""
    [request] = [each for each in far.server.sent("POST ") if far.is_opening(each)]
    return str(
        next(
            request.json[key]
            for key in ("body", "description", "initial_comment")
            if key in request.json
        )
    )


def assert_once(far: World, change: ChangeRequest, *, requests: int = 1) -> None:
    change = reloaded(change)
    assert branches(far) == sorted([change.branch, "main"])
    assert git(far.bare, "rev-parse", change.branch) == change.commit
    assert files_at(far.bare, change.branch)["README.md"] == "bye\n"
    [pull] = far.pulls()
    assert (pull.state, pull.source, pull.head) == (
        PullRequestState.OPEN, change.branch, change.commit,
    )  # fmt: skip
    assert marked_change(pull.body) == change.pk
    assert pull.labels == (("paved-path",) if far.kind.labels else ())
    if not far.kind.labels:
        [warning] = change.warnings
        assert warning.startswith("Labels: Pagure lets no program label a pull request")
    row = PullRequest.objects.get()
    assert (change.state, change.pull_request, row.number) == (ChangeState.OPENED, row, pull.number)
    assert far.times_opened() == requests


def ship_again(change: ChangeRequest) -> None:
    """Ship when the wait that was agreed is over."""
    with time_machine.travel(reloaded(change).not_before + timedelta(seconds=1)):
        pipeline.ship(change.pk)


def test_a_change_becomes_one_pull_request(far: World, change: ChangeRequest) -> None:
    pull = pipeline.ship(change.pk)
    assert pull is not None
    assert_once(far, change)
    assert (pull.author, pull.additions, pull.deletions, pull.files, pull.size) == (
        change.requested_by, 2, 1, 2, 3,
    )  # fmt: skip
    assert pull.url.startswith("http")
    pipeline.ship(change.pk)
    assert_once(far, change)
    assert "@mia" not in sent_body(far)


def test_the_commit_names_person_bot_and_change(far: World, change: ChangeRequest) -> None:
    pipeline.ship(change.pk)
    shown = git(far.bare, "log", "-1", "--format=%an <%ae>%n%cn <%ce>%n%B", change.branch)
    assert shown.splitlines()[:2] == [
        f"{change.author_name} <{change.author_email}>", "Flagstone <flagstone@noreply.invalid>",
    ]  # fmt: skip
    assert f"Change-Request-Id: {change.pk}" in shown


def test_row_42_a_signed_commit_keeps_its_id_when_it_is_made_again(
    far: World, change: ChangeRequest, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    keep_secret(far.host, SecretPurpose.SIGNING_KEY, key.read_text())
    far.host.email = "flagstone@acme.example"
    far.host.save()
    plain, built = GitWorkspace.build_commit, []

    def build(self: GitWorkspace, *arguments: object) -> object:
        built.append(plain(self, *arguments))  # type: ignore[arg-type]
        return built[-1]

    lost = mock.patch.object(GitWorkspace, "push", side_effect=TimedOut("no answer"))
    with mock.patch.object(GitWorkspace, "build_commit", build):
        with lost, pytest.raises(TimedOut):
            pipeline.ship(change.pk)
        ship_again(change)
    assert [commit.sha for commit in built] == [reloaded(change).commit] * 2
    allowed = tmp_path / "allowed"
    allowed.write_text(f"flagstone@acme.example {key.with_suffix('.pub').read_text()}")
    config = ["-c", f"gpg.ssh.allowedSignersFile={allowed}", "-c", "gpg.format=ssh"]
    shown = git(far.bare, *config, "log", "-1", "--format=%G? %GS %ce", change.branch)
    assert shown == "G flagstone@acme.example flagstone@acme.example"


def test_row_9_a_branch_with_our_commit_is_taken_for_ours(
    far: World, change: ChangeRequest
) -> None:
    far.server.faults.append(Fault(" /", Reply(503), times=200))
    with pytest.raises(ForgeError):
        pipeline.ship(change.pk)
    pushed = git(far.bare, "rev-parse", change.branch)
    far.server.faults.clear()
    ship_again(change)
    assert_once(far, change)
    assert reloaded(change).commit == pushed


def test_row_10_somebody_elses_commit_is_never_overwritten(
    far: World, change: ChangeRequest, tmp_path: Path
) -> None:
    theirs = push_by_hand(far.bare, tmp_path, {"theirs": "1\n"}, branch=change.branch)
    with pytest.raises(BranchOccupied):
        pipeline.ship(change.pk)
    assert reloaded(change).state == ChangeState.NEEDS_ATTENTION
    assert git(far.bare, "rev-parse", change.branch) == theirs
    assert far.times_opened() == 0


def test_row_13_a_base_that_moves_on_hinders_nothing(
    far: World, change: ChangeRequest, tmp_path: Path
) -> None:
    far.server.faults.append(Fault(" /", Reply(503), times=200))
    with pytest.raises(ForgeError):
        pipeline.ship(change.pk)
    far.server.faults.clear()
    push_by_hand(far.bare, tmp_path, {"other": "1\n"})
    ship_again(change)
    assert_once(far, change)


def test_row_15_what_is_there_already_opens_nothing(far: World, member: User) -> None:
    change = pipeline.record_change(
        requested_by=member, repository=far.repository, title="Same", body="", source="x",
        files={"README.md": b"hello\n"},
    )  # fmt: skip
    assert pipeline.ship(change.pk) is None
    assert reloaded(change).state == ChangeState.NO_CHANGE
    assert (branches(far), far.pulls(), far.times_opened()) == (["main"], [], 0)


@pytest.mark.parametrize("is_done", [True, False])
def test_rows_16_and_24_an_opening_without_an_answer_is_looked_up_first(
    far: World, change: ChangeRequest, is_done: bool
) -> None:
    far.server.faults.append(Fault("POST /", Reply(500), cuts=True, is_done=is_done))
    with pytest.raises(OutcomeUnknown):
        pipeline.ship(change.pk)
    assert reloaded(change).attempts == 1
    ship_again(change)
    assert_once(far, change, requests=1 if is_done else 2)


@pytest.mark.parametrize("is_done", [True, False])
def test_row_24_an_opening_answered_with_500_is_looked_up_first(
    far: World, change: ChangeRequest, is_done: bool
) -> None:
    far.server.faults.append(Fault("POST /", Reply(502, b"<html>Bad gateway"), is_done=is_done))
    with pytest.raises(OutcomeUnknown):
        pipeline.ship(change.pk)
    ship_again(change)
    assert_once(far, change, requests=1 if is_done else 2)


def test_row_17_a_pull_request_of_our_branch_by_somebody_else_is_not_adopted(
    far: World, change: ChangeRequest
) -> None:
    far.server.faults.append(Fault(" /", Reply(503), times=200))
    with pytest.raises(ForgeError):
        pipeline.ship(change.pk)
    far.server.faults.clear()
    far.forge.create_pull_request(
        REPO, PullRequestSpec("Mine", "by hand", change.branch, "main", BOT_ACCOUNT)
    )
    with (
        time_machine.travel(reloaded(change).not_before + timedelta(seconds=1)),
        pytest.raises(BranchOccupied, match="Flagstone did not open it"),
    ):
        pipeline.ship(change.pk)
    assert reloaded(change).state == ChangeState.NEEDS_ATTENTION
    assert len(far.pulls()) == 1


def test_row_19_one_that_was_closed_before_we_recorded_it_stays_closed(
    far: World, change: ChangeRequest
) -> None:
    far.server.faults.append(Fault("POST /", cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        pipeline.ship(change.pk)
    [pull] = far.pulls()
    far.forge.close_pull_request(REPO, pull.number, by=BOT_ACCOUNT)
    ship_again(change)
    assert reloaded(change).state == ChangeState.CLOSED
    assert [each.state for each in far.pulls()] == [PullRequestState.CLOSED]
    assert far.times_opened() == 1


def test_row_20_one_that_was_merged_before_we_recorded_it_is_merged(
    far: World, change: ChangeRequest
) -> None:
    from flagstone.forge.hosts.base import MergeMethod

    far.server.faults.append(Fault("POST /", cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        pipeline.ship(change.pk)
    [pull] = far.pulls()
    far.forge.merge_pull_request(
        REPO, pull.number, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
    )
    ship_again(change)
    assert reloaded(change).state == ChangeState.MERGED
    assert files_at(far.bare, "main")["README.md"] == "bye\n"


def test_row_21_a_limit_holds_every_change_of_the_credential_and_then_one_opening_follows(
    far: World, change: ChangeRequest, member: User
) -> None:
    another = pipeline.record_change(
        requested_by=member, repository=far.repository, title="Another", body="", source="y",
        files={"b": b"1\n"}, labels=("paved-path",),
    )  # fmt: skip
    far.server.faults.append(Fault("POST /", Reply(429, {}, {"Retry-After": "45"})))
    with pytest.raises(RateLimited) as caught:
        pipeline.ship(change.pk)
    assert caught.value.retry_after == 45
    for row in (reloaded(change), reloaded(another)):
        assert 43 < (row.not_before - timezone.now()).total_seconds() <= 45
    assert reloaded(change).attempts == 0
    sent = len(far.server.requests)
    with pytest.raises(RateLimited):  # nobody who uses the credential sends anything meanwhile
        far.forge.get_repository(REPO)
    assert len(far.server.requests) == sent


def test_row_22_a_missing_right_is_permanent_and_no_limit(
    far: World, change: ChangeRequest
) -> None:
    far.server.faults.append(Fault("POST /", Reply(403, {"message": "not for you"}), times=9))
    with pytest.raises((PermissionDenied, PolicyRejected)):
        pipeline.ship(change.pk)
    change = reloaded(change)
    assert change.state == ChangeState.FAILED
    with pytest.raises(Conflict):
        pipeline.ship(change.pk)
    assert far.times_opened() == 1


def test_row_23_a_repository_that_is_hidden_is_named_as_missing_or_hidden(
    far: World, change: ChangeRequest
) -> None:
    far.bare.rename(far.bare.with_name("away.git"))
    with pytest.raises(RepositoryGone):
        pipeline.ship(change.pk)
    change = reloaded(change)
    assert change.state == ChangeState.FAILED
    assert REPO in change.last_error


def test_row_37_what_no_webhook_said_the_sync_finds(far: World, change: ChangeRequest) -> None:
    from flagstone.forge.hosts.base import MergeMethod

    pull = pipeline.ship(change.pk)
    assert pull is not None
    far.forge.merge_pull_request(
        REPO, pull.number, expected_head=pull.head_commit, method=MergeMethod.MERGE, by=BOT_ACCOUNT
    )
    pipeline.sync_repository(far.repository.pk)
    assert reloaded(change).state == ChangeState.MERGED
    far.repository.refresh_from_db()
    assert far.repository.head_commit == git(far.bare, "rev-parse", "main")


def test_row_39_a_change_that_is_cancelled_leaves_no_branch_and_no_open_pull_request(
    far: World, change: ChangeRequest
) -> None:
    pipeline.ship(change.pk)
    assert pipeline.withdraw_change(change.pk)
    assert branches(far) == ["main"]
    assert [pull.state for pull in far.pulls()] == [PullRequestState.CLOSED]
    assert pipeline.withdraw_change(change.pk) == []
    assert reloaded(change).state == ChangeState.CLOSED


def test_a_change_that_is_cancelled_leaves_a_pull_request_of_somebody_else_alone(
    far: World, change: ChangeRequest
) -> None:
    pipeline.ship(change.pk)
    far.forge.close_pull_request(REPO, 1, by=BOT_ACCOUNT)
    theirs = PullRequestSpec("Mine", "by hand", change.branch, "main", BOT_ACCOUNT)
    far.forge.create_pull_request(REPO, theirs)
    assert pipeline.withdraw_change(change.pk) == []
    assert {pull.number: pull.state for pull in far.pulls()} == {
        1: PullRequestState.CLOSED, 2: PullRequestState.OPEN,
    }  # fmt: skip
    assert branches(far) == sorted([change.branch, "main"])
    row = reloaded(change)
    assert (row.state, row.pull_request and row.pull_request.number) == (ChangeState.CLOSED, 1)


def test_the_size_of_our_own_change_costs_no_second_look_into_the_repository(
    far: World, change: ChangeRequest, tmp_path: Path
) -> None:
    push_by_hand(far.bare, tmp_path, {".gitattributes": "*.yaml linguist-generated\n"})
    far.stand_in.git.requests.clear()
    pipeline.ship(change.pk)
    row = PullRequest.objects.get()
    # README.md loses a line and gets one; the manifest is generated
    assert (row.additions, row.deletions, row.files, row.size) == (2, 1, 2, 2)
    # the list of refs, the commit, and what .gitattributes holds
    assert len(far.stand_in.git.sent("POST /acme/gitops.git/git-upload-pack")) == 3
