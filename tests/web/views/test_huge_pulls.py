"""A pull request of very many files costs a page no more than one of some hundred, and the page says so."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.forge import pipeline
from flagstone.forge.connections import connect
from flagstone.forge.errors import TimedOut
from flagstone.forge.git import comparing
from flagstone.forge.hosts.base import PullRequestSpec
from flagstone.forge.models import PullRequest, Repository
from flagstone.forge.people import account_of
from tests.forge.repositories import git

pytestmark = pytest.mark.django_db(transaction=True)

OpenPull = Callable[..., PullRequest]


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def tree_bomb(bare: Path, levels: int) -> str:
    """Make a commit whose few objects hold 10 ** levels files; return it."""

    def made(command: str, lines: str) -> str:
        done = subprocess.run(
            ["git", "-C", bare, *command.split()],
            input=lines,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    blob = made("hash-object -w --stdin", "x\n")
    tree = made("mktree", "".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)))
    for _ in range(levels - 1):
        tree = made("mktree", "".join(f"040000 tree {tree}\td{n}\n" for n in range(10)))
    beside = git(bare, "ls-tree", "main")
    top = made("mktree", f"{beside}\n040000 tree {tree}\tbomb\n")
    commit = git(bare, "commit-tree", top, "-p", "main", "-m", "bomb")
    git(bare, "update-ref", "refs/heads/bomb", commit)
    return commit


def test_a_page_has_the_first_files_and_the_count_of_all(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    pull = open_pull(member, {f"m/{number:03}.txt": b"1\n" for number in range(350)})
    response = signed_in.get(f"/pulls/{pull.pk}")
    assert [file.diff.path for file in response.context["files"]] == [
        f"m/{number:03}.txt" for number in range(300)
    ]
    page = text_of(response)
    assert '350 files, <span class="text-pass">+350</span>' in page
    assert (
        "These are the first 300 of 350 files. Look at the others in a clone of the branch." in page
    )


def test_a_page_has_a_bounded_number_of_lines(
    signed_in: Client, open_pull: OpenPull, member: User, monkeypatch: Any
) -> None:
    monkeypatch.setattr(comparing, "LINES_IN_ALL", 20)
    pull = open_pull(member, dict.fromkeys(("a", "b", "c"), b"1\n" * 10))
    files = [file.diff for file in signed_in.get(f"/pulls/{pull.pk}").context["files"]]
    # six lines of each patch are its head
    assert [(f.additions, f.is_truncated, sum(len(h.lines) for h in f.hunks)) for f in files] == [
        (10, False, 10), (10, True, 0), (10, True, 0),
    ]  # fmt: skip


def test_millions_of_files_in_a_few_objects_are_no_ones_burden(
    signed_in: Client, gitops: Repository, root: Path, member: User, caplog: Any
) -> None:
    tree_bomb(root / f"{gitops.full_name}.git", levels=5)
    spec = PullRequestSpec("Boom", "", "bomb", "main", account_of(member))
    connect(gitops.host).create_pull_request(gitops.full_name, spec)
    assert pipeline.sync_repository(gitops.pk) is None
    pull = PullRequest.objects.get()
    assert (pull.title, pull.size, pull.measured_commit) == ("Boom", None, "")
    assert "git diff-tree gave more than 8388608 bytes" in caplog.text
    response = signed_in.get(f"/pulls/{pull.pk}")
    page = text_of(response)
    assert (response.status_code, response.context["files"]) == (200, [])
    assert "Too many files to show" in page
    assert "It merges cleanly into <code>main</code>." in page
    assert len(page) < 100_000


def test_what_git_cannot_tell_in_time_is_said(
    signed_in: Client, open_pull: OpenPull, member: User, monkeypatch: Any
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})

    def takes_too_long(*_arguments: object) -> None:
        raise TimedOut("git did not end in time.")

    for comparison in ("read_diff", "try_merge"):
        monkeypatch.setattr(f"flagstone.forge.selectors.{comparison}", takes_too_long)
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "Too many files to show" in page
    assert "Git could not tell in time whether it merges cleanly into <code>main</code>." in page
