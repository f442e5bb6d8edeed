"""The stand-in of GitLab is proven by python-gitlab, which knows nothing of Flagstone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import gitlab
import pytest
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabGetError,
    GitlabMRClosedError,
)

from tests.stand_ins.gitlab import TOKEN, GitLabStandIn, gitlab_stand_in

REPO = "acme/payments/checkout"


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[GitLabStandIn]:
    with gitlab_stand_in(tmp_path / "hosted") as stand_in:
        stand_in.repository(REPO, {"README.md": "hello\n"})
        yield stand_in


@pytest.fixture
def topic(stand_in: GitLabStandIn) -> str:
    return stand_in.bare(REPO).write("feature/a", {"a.txt": "one\ntwo\n"}, message="Add a")


def opened(client, **more):
    told = {"source_branch": "feature/a", "target_branch": "main", "title": "Add a"}
    return client.projects.get(REPO).mergerequests.create({**told, **more})


def test_a_client_is_signed_in_by_its_token(stand_in):
    ada = stand_in.person("ada")
    ada.auth()
    assert (ada.user.username, ada.user.name) == ("ada", "Ada")
    with pytest.raises(GitlabAuthenticationError):
        gitlab.Gitlab(stand_in.server.url, private_token="wrong").auth()


def test_a_merge_request_is_opened_found_and_merged_for_real(stand_in, topic):
    ada, bob = stand_in.person("ada"), stand_in.person("bob")
    mine = opened(ada, description="Why")
    assert (mine.iid, mine.state, mine.sha, mine.author["username"]) == (1, "opened", topic, "ada")
    assert (mine.detailed_merge_status, mine.has_conflicts, mine.changes_count) == (
        "mergeable",
        False,
        "1",
    )
    main = stand_in.bare(REPO).heads()["main"]
    assert mine.diff_refs == {"base_sha": main, "head_sha": topic, "start_sha": main}
    with pytest.raises(
        GitlabCreateError, match="Another open merge request already exists"
    ) as twice:
        opened(ada)
    assert twice.value.response_code == 409
    project = bob.projects.get(REPO)
    [found] = project.mergerequests.list(state="opened", source_branch="feature/a")
    with pytest.raises(GitlabMRClosedError, match="SHA does not match HEAD"):
        found.merge(sha=main)
    found.merge(sha=topic, squash=True)
    after = project.mergerequests.get(1)
    assert (after.state, after.merged_by["username"]) == ("merged", "bob")
    assert after.squash_commit_sha == stand_in.bare(REPO).heads()["main"]
    assert project.commits.get(after.squash_commit_sha).parent_ids == [main]
    assert project.mergerequests.list(state="opened") == []


def test_what_does_not_go_together_is_not_merged(stand_in, topic):
    stand_in.bare(REPO).write("main", {"a.txt": "three\n"})
    mine = opened(stand_in.person("ada"))
    assert (mine.detailed_merge_status, mine.has_conflicts) == ("conflict", True)
    with pytest.raises(GitlabMRClosedError, match="Branch cannot be merged"):
        mine.merge()


def test_a_draft_is_one_by_its_title_and_noted(stand_in, topic):
    mine = opened(stand_in.person("ada"), title="Draft: Add a")
    assert (mine.draft, mine.detailed_merge_status) == (True, "draft_status")
    mine.title = "Add a"
    mine.save()
    mine.state_event = "close"
    mine.save()
    assert (mine.draft, mine.state) == (False, "closed")
    [note] = mine.notes.list(get_all=True)
    assert (note.system, note.body) == (True, "marked this merge request as **ready**")


def test_people_talk_and_approve(stand_in, topic):
    ada, bob = stand_in.person("ada"), stand_in.person("bob")
    opened(ada)
    theirs = bob.projects.get(REPO).mergerequests.get(1)
    note = theirs.notes.create({"body": "Why?"})
    note.body = "Why so?"
    note.save()
    theirs.discussions.create({"body": "And this?"})
    theirs.approve(sha=topic)
    assert [given["user"]["username"] for given in theirs.approvals.get().approved_by] == ["bob"]
    said = [(each.body, each.system) for each in theirs.notes.list(sort="asc", get_all=True)]
    approved = ("approved this merge request", True)
    assert said == [("Why so?", False), ("And this?", False), approved]
    assert len(theirs.discussions.list(get_all=True)) == 3
    theirs.unapprove()
    assert theirs.approvals.get().approved_by == []


def test_a_line_of_a_note_is_a_command(stand_in, topic):
    mine = opened(stand_in.person("ada"), description="Hello\n/close\n")
    assert (mine.state, mine.description) == ("closed", "Hello\n")


def test_labels_and_reviewers(stand_in, topic):
    ada, bob = stand_in.person("ada"), stand_in.person("bob")
    mine = opened(ada)
    mine.labels = ["b", "a"]
    mine.reviewer_ids = [bob.users.list(username="bob", get_all=True)[0].id]
    mine.save()
    assert (mine.labels, [each["username"] for each in mine.reviewers]) == (["a", "b"], ["bob"])
    labels = ada.projects.get(REPO).labels.list(get_all=True)
    assert [label.name for label in labels] == ["a", "b"]


def test_a_status_goes_on_and_never_to_where_it_is(stand_in, topic):
    commit = stand_in.person("ada").projects.get(REPO).commits.get(topic)
    commit.statuses.create({"state": "pending", "name": "lint"})
    with pytest.raises(
        GitlabCreateError, match="Cannot transition status via :enqueue from :pending"
    ):
        commit.statuses.create({"state": "pending", "name": "lint"})
    commit.statuses.create({"state": "failed", "name": "lint", "description": "two"})
    [status] = commit.statuses.list(get_all=True)
    assert (status.name, status.status, status.description) == ("lint", "failed", "two")


def test_lists_come_in_pages_that_tell_where_they_are(stand_in, topic):
    project = stand_in.person("ada").projects.get(REPO)
    for number in range(5):
        stand_in.bare(REPO).git("branch", f"b{number}", topic)
    pages = project.branches.list(iterator=True, per_page=2)
    assert (pages.total, pages.total_pages) == (7, 4)
    assert len(list(pages)) == 7


def test_commits_and_differences_are_those_of_git(stand_in, topic):
    stand_in.bare(REPO).write("feature/a", {"README.md": "bye\n"}, message="Change it")
    mine = opened(stand_in.person("ada"))
    assert [commit.title for commit in mine.commits()] == ["Change it", "Add a"]
    files = mine.manager.gitlab.http_list(f"/projects/{mine.project_id}/merge_requests/1/diffs")
    shown = {file["new_path"]: (file["diff"], file["new_file"]) for file in files}
    assert shown == {
        "README.md": ("@@ -1 +1 @@\n-hello\n+bye\n", False),
        "a.txt": ("@@ -0,0 +1,2 @@\n+one\n+two\n", True),
    }


def test_groups_projects_and_what_belongs_to_them(stand_in):
    ada = stand_in.person("ada")
    group = ada.groups.get("acme")
    assert group.projects.list(get_all=True) == []
    [inner] = group.projects.list(include_subgroups=True, get_all=True)
    assert inner.path_with_namespace == REPO
    made = ada.projects.create({"name": "tools", "namespace_id": group.id})
    assert (made.path_with_namespace, made.empty_repo, made.default_branch) == (
        "acme/tools",
        True,
        None,
    )
    with pytest.raises(GitlabCreateError, match="has already been taken"):
        ada.projects.create({"name": "tools", "namespace_id": group.id})
    made.hooks.create({"url": "https://flagstone.example/hook", "merge_requests_events": True})
    assert [hook.url for hook in made.hooks.list(get_all=True)] == [
        "https://flagstone.example/hook"
    ]
    made.issues.create({"title": "Help"})
    assert [issue.title for issue in made.issues.list(get_all=True)] == ["Help"]
    made.delete()
    with pytest.raises(GitlabGetError, match="404 Project Not Found"):
        ada.projects.get("acme/tools")


def test_git_is_let_in_by_the_token_alone(stand_in, tmp_path):
    def clone(token: str) -> int:
        address = stand_in.web_url.replace("http://", f"http://oauth2:{token}@")
        words = ["git", "clone", "--quiet", f"{address}/{REPO}.git", str(tmp_path / token)]
        return subprocess.run(words, check=False, capture_output=True).returncode

    assert (clone(TOKEN), clone("wrong")) == (0, 128)
