"""An independent client finds the stand-in to be GitHub, and GitHub's descriptions find nothing wrong with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import github
import pytest
from github import GithubException
from openapi_core.exceptions import OpenAPIError

from tests.http_server import Reply, Request
from tests.stand_ins.github import GitHubStandIn, github_stand_in
from tests.stand_ins.github_apps import GIT_USER
from tests.stand_ins.github_description import (
    DESCRIPTIONS,
    UNDESCRIBED,
    VERSION,
    Unreachable,
    fetch_descriptions,
)
from tests.stand_ins.swagger import Description

REPO = "acme/gitops"


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path / "hosted") as stand_in:
        stand_in.repository(REPO)
        yield stand_in


def person(stand_in: GitHubStandIn, login: str) -> github.Github:
    auth = github.Auth.Token(stand_in.token_of(login))
    return github.Github(base_url=stand_in.url, auth=auth, retry=None, seconds_between_writes=0)


def live_a_life(stand_in: GitHubStandIn) -> str:
    """Open, discuss, review, label and merge a pull request by PyGithub, and return the merge."""
    head = stand_in.bare(REPO).write("topic", {"a.txt": "one\ntwo\n"})
    repo = person(stand_in, "mia").get_repo(REPO)
    assert (repo.full_name, repo.default_branch) == (REPO, "main")
    pull = repo.create_pull(base="main", head="topic", title="Raise", body="It is low", draft=True)
    assert [each.number for each in repo.get_pulls(head="acme:topic", state="open")] == [1]
    pull.create_issue_comment("Look").edit("Look!")
    assert [each.body for each in pull.get_issue_comments()] == ["Look!"]
    theirs = person(stand_in, "leo").get_repo(REPO).get_pull(1)
    assert theirs.create_review(body="Fine", event="APPROVE").state == "APPROVED"
    pull.create_review_request(reviewers=["leo"])
    commit = repo.get_commit(head)
    for state in ("pending", "success"):
        commit.create_status(state, "https://ci.example", "Built", "build")
    assert [each.state for each in commit.get_combined_status().statuses] == ["success"]
    pull.mark_ready_for_review()
    pull.edit(title="Raise it")
    done = repo.get_pull(1).merge(merge_method="squash", sha=head)
    merged = repo.get_pull(1)
    assert (merged.merged, merged.title, merged.draft) == (True, "Raise it", False)
    assert [(each.filename, each.additions) for each in merged.get_files()] == [("a.txt", 2)]
    events = [each.event for each in merged.as_issue().get_timeline()]
    assert events == ["committed", "commented", "reviewed", "ready_for_review", "merged", "closed"]
    return str(done.sha)


def test_an_independent_client_takes_it_for_github(stand_in):
    merge = live_a_life(stand_in)
    bare = stand_in.bare(REPO)
    assert bare.heads()["main"] == merge
    assert bare.git("show", "main:a.txt") == "one\ntwo"
    # the client sends a list alone, which GitHub takes and its description does not know
    labelled = person(stand_in, "mia").get_repo(REPO).get_pull(1)
    labelled.set_labels("a", "b")
    labelled.update()
    assert [each.name for each in labelled.labels] == ["a", "b"]


def test_an_independent_client_is_refused_as_by_github(stand_in):
    repo = person(stand_in, "mia").get_repo(REPO)

    def refused(status: int) -> object:
        return pytest.raises(GithubException, match=f"(^|: ){status} ")

    with refused(422):
        repo.create_pull(base="main", head="gone", title="T")
    bare = stand_in.bare(REPO)
    bare.write("topic", {"README.md": "theirs\n"})
    pull = repo.create_pull(base="main", head="topic", title="T")
    with refused(422):
        repo.create_pull(base="main", head="topic", title="T")
    with refused(422):
        pull.create_review(event="APPROVE")
    bare.write("main", {"README.md": "ours\n"})
    with refused(405):
        pull.merge()
    with refused(409):
        pull.merge(sha="1" * 40)
    stand_in.known(REPO).rights["mia"] = "read"
    with refused(403):
        pull.edit(title="New")
    stand_in.known(REPO).rights["mia"] = "none"
    with refused(404):
        pull.update()
    stand_in.tokens.clear()
    with refused(401):
        pull.update()


def test_what_git_pushes_the_api_shows(stand_in, tmp_path):
    stand_in.bare(REPO).write("topic", {"a.txt": "one\n"})
    pull = person(stand_in, "mia").get_repo(REPO).create_pull(base="main", head="topic", title="T")
    token = next(iter(stand_in.tokens))
    url = stand_in.web_url.replace("//", f"//{GIT_USER}:{token}@")

    def git(*words: str) -> str:
        who = ["-c", "user.name=Mia", "-c", "user.email=mia@example.com"]
        done = subprocess.run(
            ["git", *who, *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("clone", "--quiet", "--branch=topic", f"{url}/{REPO}.git", "work")
    git("-C", "work", "commit", "--quiet", "--allow-empty", "--message=More")
    git("-C", "work", "push", "--quiet")
    pull.update()
    assert (pull.head.sha, pull.commits) == (git("-C", "work", "rev-parse", "HEAD"), 2)
    git("-C", "work", "push", "--quiet", "--delete", "origin", "topic")
    pull.update()
    assert pull.state == "closed"


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_githubs_own_description_finds_nothing_wrong(request, stand_in, name):
    """Whatever a client asks and is answered; GraphQL is no part of the description, and is not checked."""
    folder = request.config.cache.mkdir(f"github-openapi-{VERSION}")
    try:
        files = fetch_descriptions(folder)
    except Unreachable as error:
        pytest.skip(str(error))
    (file,) = [file for file in files if file.name == name]
    description = Description(file, stand_in, besides=UNDESCRIBED)
    wrong = []

    def hold(sent: Request, reply: Reply) -> None:
        try:
            description.check(sent, reply)
        except OpenAPIError as error:
            wrong.append(
                f"{sent.method} {sent.path} -> {reply.status}: {error.__cause__ or error!r}"
            )

    stand_in.watchers.append(hold)
    live_a_life(stand_in)
    assert wrong == []
    asked = [each for each in stand_in.server.requests if "graphql" not in each.path]
    assert description.checked == len(asked) > 15
