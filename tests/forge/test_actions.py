from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict, Forbidden, UserError
from flagstone.core.models import AuditEntry
from flagstone.forge import actions, pipeline
from flagstone.forge.errors import (
    BranchOccupied,
    HeadMoved,
    MergeConflict,
    NotAllowed,
    PullRequestNotOpen,
    RepositoryExists,
)
from flagstone.forge.hosts.base import Verdict
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import (
    ChangeRequest,
    ChangeState,
    CodeHost,
    PullRequest,
    Repository,
)
from tests.forge.repositories import files_at, git, make_repository, push_by_hand

REPO = "acme/gitops"


def last_entry() -> tuple[str, str, str, dict[str, Any]]:
    entry = AuditEntry.objects.order_by("sequence").last()
    assert entry
    return entry.actor, entry.action, entry.subject, entry.data


def test_a_code_host_is_registered(admin_user: User) -> None:
    host = actions.register_code_host(actor=admin_user, name="local")
    assert (host.name, host.kind) == ("local", "local")
    assert last_entry() == (
        "ada", "forge.code_host_registered", "code-host:local", {"kind": "local", "address": ""},
    )  # fmt: skip


def test_a_second_local_code_host_is_refused(admin_user: User, host: CodeHost) -> None:
    with pytest.raises(Conflict) as caught:
        actions.register_code_host(actor=admin_user, name="second")
    assert caught.value.code == "forge.host_exists"


def test_a_repository_is_created_with_a_readme(
    admin_user: User, host: CodeHost, root: Path
) -> None:
    repository = actions.create_repository(
        actor=admin_user, host=host, full_name="acme/checkout", description="Takes money."
    )
    assert files_at(root / "acme/checkout.git", "main") == {
        "README.md": "# checkout\n\nTakes money.\n"
    }
    assert repository.head_commit == git(root / "acme/checkout.git", "rev-parse", "main")
    assert last_entry()[:3] == ("ada", "forge.repository_created", "repository:acme/checkout")


def test_a_taken_name_is_refused_even_to_the_same_person(admin_user: User, host: CodeHost) -> None:
    actions.create_repository(actor=admin_user, host=host, full_name="acme/checkout")
    with pytest.raises(RepositoryExists):
        actions.create_repository(actor=admin_user, host=host, full_name="acme/Checkout")


def test_a_repository_that_is_there_is_registered_and_looked_at(
    admin_user: User,
    host: CodeHost,
    root: Path,
    enqueued: list[tuple[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    make_repository(root, {"a": "1"}, full_name="acme/old")
    with django_capture_on_commit_callbacks(execute=True):
        repository = actions.register_repository(actor=admin_user, host=host, full_name="acme/old")
    assert enqueued == [("flagstone.forge.sync_repository", repository.pk)]


def test_a_change_is_asked_for_and_a_worker_is_told(
    gitops: Repository,
    member: User,
    enqueued: list[tuple[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change = actions.request_change(
            actor=member,
            repository=gitops,
            title="Fix probes",
            body="Why.",
            files={"a.yaml": b"1"},
            source="fix:PB-01:checkout",
            labels=("fix",),
        )
    assert ChangeRequest.objects.get() == change
    assert (change.labels, change.source) == (["fix"], "fix:PB-01:checkout")
    assert enqueued == [("flagstone.forge.ship_change", str(change.pk))]
    assert last_entry() == (
        "mia",
        "forge.change_requested",
        f"change:{change.pk}",
        {
            "repository": REPO,
            "title": "Fix probes",
            "branch": change.branch,
            "source": "fix:PB-01:checkout",
            "files": ["a.yaml"],
        },
    )


def test_a_halted_change_is_resumed(
    change: ChangeRequest,
    member: User,
    bare: Path,
    tmp_path: Path,
    enqueued: list[tuple[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    push_by_hand(bare, tmp_path, {"theirs": "1"}, branch=change.branch)
    with pytest.raises(BranchOccupied):
        pipeline.ship(change.pk)
    git(bare, "update-ref", "-d", f"refs/heads/{change.branch}")
    with django_capture_on_commit_callbacks(execute=True):
        resumed = actions.resume_change(actor=member, change=change)
    assert (resumed.state, resumed.attempts, resumed.last_error) == ("requested", 0, "")
    assert enqueued == [("flagstone.forge.ship_change", str(change.pk))]
    assert last_entry()[:2] == ("mia", "forge.change_resumed")
    assert pipeline.ship(change.pk)


def test_a_change_that_goes_well_is_not_resumed(opened: PullRequest, member: User) -> None:
    with pytest.raises(Conflict, match="is pull request open; there is nothing to resume"):
        actions.resume_change(actor=member, change=opened.change_request)
    assert ChangeRequest.objects.get().state == ChangeState.OPENED


def test_an_approval_is_recorded(opened: PullRequest, lead: User, root: Path) -> None:
    row = actions.approve_pull_request(actor=lead, pull_request=opened, body=" Fine ")
    assert row.approved_at is not None
    assert row.first_review_at == row.approved_at
    [review] = LocalForge(root).get_pull_request(REPO, 1).reviews
    assert (review.by.login, review.verdict, review.body) == ("leo", Verdict.APPROVED, "Fine")
    assert last_entry() == (
        "leo",
        "forge.pull_request_reviewed",
        "pull-request:acme/gitops#1",
        {"verdict": "approved"},
    )


def test_nobody_approves_their_own(opened: PullRequest, member: User) -> None:
    with pytest.raises(NotAllowed):
        actions.approve_pull_request(actor=member, pull_request=opened)
    assert PullRequest.objects.get().approved_at is None


def test_who_asks_for_changes_says_which(opened: PullRequest, lead: User, root: Path) -> None:
    with pytest.raises(UserError, match="Say what should change"):
        actions.review_pull_request(
            actor=lead, pull_request=opened, verdict=Verdict.CHANGES_REQUESTED, body="  "
        )
    assert LocalForge(root).get_pull_request(REPO, 1).reviews == ()


def test_a_comment_is_recorded(opened: PullRequest, lead: User, root: Path) -> None:
    row = actions.comment_on_pull_request(actor=lead, pull_request=opened, body="Hm?")
    assert row.first_review_at is not None
    assert [c.body for c in LocalForge(root).get_pull_request(REPO, 1).comments] == ["Hm?"]
    assert last_entry()[:2] == ("leo", "forge.pull_request_commented")


@pytest.mark.parametrize(
    ("body", "code"), [(" \n", "forge.empty_text"), ("x" * 20_001, "forge.text_too_long")]
)
def test_a_comment_says_something_and_ends(
    opened: PullRequest, lead: User, root: Path, body: str, code: str
) -> None:
    with pytest.raises(UserError) as caught:
        actions.comment_on_pull_request(actor=lead, pull_request=opened, body=body)
    assert caught.value.code == code
    assert LocalForge(root).get_pull_request(REPO, 1).comments == ()


def test_a_merge_is_audited_before_and_after(
    opened: PullRequest, lead: User, bare: Path, audit_actions: Callable[[], list[str]]
) -> None:
    row = actions.merge_pull_request(actor=lead, pull_request=opened)
    assert (row.state, row.merge_commit) == ("merged", git(bare, "rev-parse", "main"))
    assert audit_actions()[-2:] == [
        "forge.pull_request_merge_requested",
        "forge.pull_request_merged",
    ]
    assert last_entry()[0] == "leo"


def test_a_merge_that_fails_leaves_the_request_in_the_audit(
    opened: PullRequest,
    lead: User,
    bare: Path,
    tmp_path: Path,
    audit_actions: Callable[[], list[str]],
) -> None:
    push_by_hand(bare, tmp_path, {"README.md": "theirs\n"})
    with pytest.raises(MergeConflict):
        actions.merge_pull_request(actor=lead, pull_request=opened)
    assert audit_actions()[-1] == "forge.pull_request_merge_requested"
    assert PullRequest.objects.get().state == "open"


def test_what_the_person_looked_at_is_merged_or_nothing(
    opened: PullRequest, lead: User, bare: Path, tmp_path: Path
) -> None:
    branch = opened.source_branch
    push_by_hand(bare, tmp_path, {"evil": "1"}, branch=branch, start=branch)
    with pytest.raises(HeadMoved):
        actions.merge_pull_request(
            actor=lead, pull_request=opened, expected_head=opened.head_commit
        )
    assert "evil" not in files_at(bare, "main")


def test_a_merged_one_is_not_closed(opened: PullRequest, lead: User) -> None:
    actions.merge_pull_request(actor=lead, pull_request=opened)
    with pytest.raises(PullRequestNotOpen):
        actions.close_pull_request(actor=lead, pull_request=opened)


def test_a_pull_request_is_closed(
    opened: PullRequest, lead: User, bare: Path, audit_actions: Callable[[], list[str]]
) -> None:
    row = actions.close_pull_request(actor=lead, pull_request=opened)
    assert (row.state, row.closed_by_login) == ("closed", "leo")
    assert ChangeRequest.objects.get().state == "closed"
    assert git(bare, "rev-parse", opened.source_branch) == opened.head_commit
    assert audit_actions()[-2:] == [
        "forge.pull_request_close_requested",
        "forge.pull_request_closed",
    ]


FORBIDDEN: dict[str, Callable[..., object]] = {
    "register a code host": lambda by, pull: actions.register_code_host(
        actor=by, name="x", kind=pull.repository.host.kind
    ),
    "create a repository": lambda by, pull: actions.create_repository(
        actor=by, host=pull.repository.host, full_name="a/b"
    ),
    "register a repository": lambda by, pull: actions.register_repository(
        actor=by, host=pull.repository.host, full_name=REPO
    ),
    "ask for a change": lambda by, pull: actions.request_change(
        actor=by, repository=pull.repository, title="t", body="", files={"a": b""}, source="x"
    ),
    "resume a change": lambda by, pull: actions.resume_change(actor=by, change=pull.change_request),
    "approve": lambda by, pull: actions.approve_pull_request(actor=by, pull_request=pull),
    "comment": lambda by, pull: actions.comment_on_pull_request(
        actor=by, pull_request=pull, body="x"
    ),
    "merge": lambda by, pull: actions.merge_pull_request(actor=by, pull_request=pull),
    "close": lambda by, pull: actions.close_pull_request(actor=by, pull_request=pull),
}


@pytest.mark.parametrize("act", FORBIDDEN)
def test_a_viewer_may_not(
    opened: PullRequest,
    stranger: User,
    root: Path,
    act: str,
    audit_actions: Callable[[], list[str]],
) -> None:
    before = (audit_actions(), LocalForge(root).get_pull_request(REPO, 1))
    with pytest.raises(Forbidden):
        FORBIDDEN[act](stranger, opened)
    assert (audit_actions(), LocalForge(root).get_pull_request(REPO, 1)) == before
    assert (ChangeRequest.objects.count(), Repository.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "act", ["register a code host", "create a repository", "register a repository"]
)
def test_a_member_does_not_manage_the_forge(opened: PullRequest, member: User, act: str) -> None:
    with pytest.raises(Forbidden, match="it needs the role Platform admin"):
        FORBIDDEN[act](member, opened)
