from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flagstone.accounts.models import User
from flagstone.forge import actions, pipeline, selectors
from flagstone.forge.errors import RefNotFound, RepositoryGone, TreeTooLarge
from flagstone.forge.git.comparing import MergeTrial
from flagstone.forge.git.reading import ReadLimits
from flagstone.forge.hosts.base import CommitStatus, PullRequestState, StatusState
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from tests.forge.repositories import git, push_by_hand

REPO = "acme/gitops"


def test_the_default_branch_is_read(gitops: Repository, bare: Path) -> None:
    tree = selectors.read_tree(gitops)
    assert tree.commit == git(bare, "rev-parse", "main")
    assert tree.files == {"README.md": b"hello\n", "services/a/x.yaml": b"x: 1\n"}
    assert tree.skipped == ()


def test_a_branch_or_a_commit_is_read(gitops: Repository, bare: Path, tmp_path: Path) -> None:
    first = git(bare, "rev-parse", "main")
    push_by_hand(bare, tmp_path, {"README.md": "new\n"}, branch="a/b")
    assert selectors.read_tree(gitops, ref="a/b", prefix="README.md").files == {
        "README.md": b"new\n"
    }
    assert selectors.read_tree(gitops, ref=first, prefix="README.md").files == {
        "README.md": b"hello\n"
    }


@pytest.mark.parametrize("ref", ["gone", "1" * 40, "--all", "refs/heads/main", ""])
def test_what_is_no_branch_or_commit_is_told(gitops: Repository, ref: str) -> None:
    with pytest.raises(RefNotFound):
        selectors.read_tree(gitops, ref=ref)


def test_limits_are_kept(gitops: Repository) -> None:
    with pytest.raises(TreeTooLarge):
        selectors.read_tree(gitops, limits=ReadLimits(files=1))


def test_a_repository_that_is_gone_is_told(gitops: Repository, bare: Path) -> None:
    bare.rename(bare.with_name("away"))
    with pytest.raises(RepositoryGone):
        selectors.read_tree(gitops)


def test_pull_requests_are_listed_newest_first(
    opened: PullRequest, gitops: Repository, member: User, lead: User
) -> None:
    second = pipeline.ship(
        pipeline.record_change(
            requested_by=member, repository=gitops, title="Two", body="", files={"b": b"1"},
            source="x",
        ).pk
    )  # fmt: skip
    assert list(selectors.list_pull_requests()) == [second, opened]
    actions.close_pull_request(actor=lead, pull_request=opened)
    assert list(selectors.list_pull_requests(state=PullRequestState.OPEN)) == [second]
    assert list(selectors.list_pull_requests(repository=gitops)) == [second, opened]
    other = Repository.objects.create(host=gitops.host, full_name="a/b")
    assert list(selectors.list_pull_requests(repository=other)) == []


def test_the_list_takes_one_query(opened: PullRequest, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        shown = [
            (pull.repository.host.name, pull.author and pull.author.display_name)
            for pull in selectors.list_pull_requests()
        ]
    assert shown == [("local", "mia")]


def test_the_difference_is_read_line_by_line(opened: PullRequest) -> None:
    files = selectors.diff(opened)
    assert [(file.path, file.status) for file in files] == [
        ("README.md", "modified"),
        ("services/checkout/rollout.yaml", "added"),
    ]
    assert [(line.kind, line.text) for line in files[0].hunks[0].lines] == [
        ("removed", "hello"),
        ("added", "bye"),
    ]


def test_the_page_has_everything(
    opened: PullRequest, change: ChangeRequest, lead: User, root: Path
) -> None:
    actions.approve_pull_request(actor=lead, pull_request=opened, body="Fine")
    actions.comment_on_pull_request(actor=lead, pull_request=opened, body="And thanks")
    status = CommitStatus(
        "flagstone/policy", StatusState.FAILURE, "2 violations", datetime(2026, 1, 1, tzinfo=UTC)
    )
    LocalForge(root).set_commit_status(REPO, opened.head_commit, status)
    detail = selectors.pull_request_detail(opened)
    assert (detail.pull_request, detail.change) == (opened, change)
    assert detail.body == "It takes payments."
    assert detail.live.head == opened.head_commit
    assert [file.path for file in detail.files] == ["README.md", "services/checkout/rollout.yaml"]
    assert (detail.size.additions, detail.size.written_lines) == (2, 3)
    assert [review.body for review in detail.reviews] == ["Fine"]
    assert [comment.body for comment in detail.comments] == ["And thanks"]
    assert detail.statuses == {"flagstone/policy": status}
    assert detail.merge
    assert detail.merge.is_clean


def test_the_page_says_what_stands_against_a_merge(
    opened: PullRequest, bare: Path, tmp_path: Path
) -> None:
    push_by_hand(bare, tmp_path, {"README.md": "theirs\n"})
    merge = selectors.pull_request_detail(opened).merge
    assert isinstance(merge, MergeTrial)
    assert (merge.is_clean, merge.conflicts) == (False, ("README.md",))


def test_a_merged_one_still_shows_what_it_changed(opened: PullRequest, lead: User) -> None:
    merged = actions.merge_pull_request(actor=lead, pull_request=opened)
    detail = selectors.pull_request_detail(merged)
    assert [file.path for file in detail.files] == ["README.md", "services/checkout/rollout.yaml"]
    assert (detail.merge, detail.statuses) == (None, {})


def test_commits_that_just_came_are_on_the_page(
    opened: PullRequest, bare: Path, tmp_path: Path
) -> None:
    branch = opened.source_branch
    later = push_by_hand(bare, tmp_path, {"more": "1"}, branch=branch, start=branch)
    detail = selectors.pull_request_detail(opened)
    assert detail.live.head == later
    assert "more" in [file.path for file in detail.files]


def test_past_days_lead_to_the_commits_of_the_default_branch(
    gitops: Repository, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git(bare, "rev-parse", "main")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-03-04T12:00:00Z")
    second = push_by_hand(bare, tmp_path, {"README.md": "new\n"})
    push_by_hand(bare, tmp_path, {"README.md": "newer\n"}, branch="other")
    days = [date(2026, 3, day) for day in (1, 2, 3, 4)]
    assert selectors.commits_on(gitops, days) == {days[1]: first, days[2]: first, days[3]: second}
