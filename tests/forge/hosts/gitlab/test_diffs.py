"""Changed lines are counted by what GitLab shows; what it hides, git counts."""

from __future__ import annotations

import pytest

from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.gitlab.diffs import count_lines
from tests.forge.hosts.gitlab.conftest import BRANCH, REPO, spec
from tests.http_server import Fault, Reply


@pytest.mark.parametrize(
    ("diff", "counts"),
    [
        ("", (0, 0)),
        ("@@ -1 +1 @@\n-a\n+b\n", (1, 1)),
        ("@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n", (2, 0)),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ def f\n x\n-- y\n+++ z\n", (1, 1)),
        ("@@ -1,2 +0,0 @@\n--- a\n--- b\n", (0, 2)),
        ("@@ -1,3 +1,2 @@\n a\n-b\n c\n@@ -9 +8,2 @@\n x\n+y\n", (1, 1)),
        ("@@ -1 +1 @@\n-a\x0cb\n+a\u2028b\n", (1, 1)),
        ("Binary files a/x and b/x differ\n", (0, 0)),
        ("@@ nonsense", (0, 0)),
    ],
)
def test_lines_are_counted_by_the_heads_of_hunks(diff, counts):
    assert count_lines(diff) == counts


def change(stand_in):
    files = {"a.txt": "one\ntwo\n", "README.md": "bye\n"}
    stand_in.bare(REPO).write(BRANCH, files)


EXPECTED = (FileSize("README.md", 1, 1), FileSize("a.txt", 2, 0))


def test_files_are_counted_by_what_is_shown(stand_in, forge):
    change(stand_in)
    number = forge.create_pull_request(REPO, spec()).number
    stand_in.server.requests.clear()
    assert forge.changed_files(REPO, number) == EXPECTED
    assert len(stand_in.server.requests) == 2
    assert stand_in.git.requests == []


def test_what_is_folded_is_counted_by_git(stand_in, forge):
    change(stand_in)
    number = forge.create_pull_request(REPO, spec()).number
    stand_in.known(REPO).merge_requests[number].folded.add("a.txt")
    assert forge.changed_files(REPO, number) == EXPECTED
    assert stand_in.git.requests


def test_a_merge_request_with_more_files_than_are_shown_is_counted_by_git(stand_in, forge):
    change(stand_in)
    number = forge.create_pull_request(REPO, spec()).number
    found = stand_in.known(REPO).merge_requests[number]
    shown = {**stand_in.shown(stand_in.known(REPO), found), "changes_count": "1000+"}
    stand_in.server.faults.append(Fault(f"/merge_requests/{number}", Reply(200, shown)))
    assert forge.changed_files(REPO, number) == EXPECTED
    assert stand_in.server.sent("/diffs") == []


def test_a_long_list_of_files_is_read_over_all_pages(stand_in, forge):
    stand_in.bare(REPO).write(BRANCH, {f"f{n:03}.txt": "x\n" for n in range(130)})
    number = forge.create_pull_request(REPO, spec()).number
    files = forge.changed_files(REPO, number)
    assert (len(files), files[129]) == (130, FileSize("f129.txt", 1, 0))
