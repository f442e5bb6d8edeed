from __future__ import annotations

import pytest

from tests.forge.repositories import git

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(host, member):
    from flagstone.forge import pipeline

    return pipeline.provision_repository(
        requested_by=member,
        host=host,
        full_name="acme/checkout",
        description="It takes payments.",
        files={"README.md": b"# checkout\n"},
        source="scaffold-run:1",
    )


def test_a_change_is_taken_back_with_its_pull_request_and_branch(
    change, opened, bare, audit_actions
):
    from flagstone.forge import pipeline

    assert pipeline.withdraw_change(change.pk) == [
        "closed pull request #1 of acme/gitops",
        f"deleted the branch {change.branch} of acme/gitops",
    ]
    change.refresh_from_db()
    opened.refresh_from_db()
    assert (change.state, opened.state) == ("closed", "closed")
    assert git(bare, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
    assert audit_actions()[-1] == "forge.pull_request_closed"
    assert pipeline.withdraw_change(change.pk) == []


def test_a_change_that_was_not_shipped_yet_is_not_shipped_any_more(change):
    from flagstone.forge import pipeline

    assert pipeline.withdraw_change(change.pk) == []
    change.refresh_from_db()
    assert change.state == "closed"
    assert pipeline.ship(change.pk) is None


def test_a_merged_change_stays(change, opened, member, lead):
    from flagstone.forge import actions, pipeline

    actions.merge_pull_request(actor=lead, pull_request=opened)
    assert pipeline.withdraw_change(change.pk) == []
    change.refresh_from_db()
    assert change.state == "merged"


def test_a_branch_that_somebody_pushed_to_stays(change, opened, bare):
    from flagstone.forge import pipeline

    git(bare, "update-ref", f"refs/heads/{change.branch}", "refs/heads/main")
    assert pipeline.withdraw_change(change.pk) == ["closed pull request #1 of acme/gitops"]
    assert change.branch in git(bare, "for-each-ref", "refs/heads")


def test_a_repository_that_nobody_touched_is_removed(made, root, audit_actions):
    from flagstone.forge import pipeline
    from flagstone.forge.models import Repository

    outcome = pipeline.withdraw_repository(made, first_commit=made.head_commit)
    assert outcome is pipeline.Withdrawal.REMOVED
    assert not Repository.objects.exists()
    assert not (root / "acme/checkout.git").exists()
    assert not (root / "acme/checkout.pulls").exists()
    assert audit_actions()[-1] == "forge.repository_withdrawn"


def test_a_repository_with_another_branch_stays(made, root):
    from flagstone.forge import pipeline
    from flagstone.forge.models import Repository

    git(root / "acme/checkout.git", "branch", "work")
    outcome = pipeline.withdraw_repository(made, first_commit=made.head_commit)
    assert outcome is pipeline.Withdrawal.STAYS
    assert Repository.objects.count() == 1


def test_a_repository_with_newer_commits_stays(made, root):
    from flagstone.forge import pipeline

    outcome = pipeline.withdraw_repository(made, first_commit="0" * 40)
    assert outcome is pipeline.Withdrawal.STAYS
    assert (root / "acme/checkout.git").is_dir()


def test_a_repository_that_is_gone_already_loses_its_row(made, root):
    import shutil

    from flagstone.forge import pipeline
    from flagstone.forge.models import Repository

    shutil.rmtree(root / "acme/checkout.git")
    outcome = pipeline.withdraw_repository(made, first_commit=made.head_commit)
    assert outcome is pipeline.Withdrawal.WAS_GONE
    assert not Repository.objects.exists()


def test_a_pull_request_that_is_merged_just_now_wins(change, opened, lead, monkeypatch):
    from flagstone.forge import actions, pipeline
    from flagstone.forge.hosts.local import LocalForge

    plain = LocalForge.close_pull_request

    def close(self, *arguments, **more):
        actions.merge_pull_request(actor=lead, pull_request=opened)
        return plain(self, *arguments, **more)

    monkeypatch.setattr(LocalForge, "close_pull_request", close)
    assert pipeline.withdraw_change(change.pk) == []
    change.refresh_from_db()
    assert change.state == "merged"


def test_what_was_closed_by_a_worker_that_died_is_recorded_by_the_next(change, opened, root):
    from flagstone.forge import pipeline
    from flagstone.forge.hosts.local import LocalForge
    from flagstone.forge.people import BOT_ACCOUNT

    LocalForge(root).close_pull_request("acme/gitops", 1, by=BOT_ACCOUNT)
    assert pipeline.withdraw_change(change.pk) == [
        f"deleted the branch {change.branch} of acme/gitops"
    ]
    opened.refresh_from_db()
    assert opened.state == "closed"
