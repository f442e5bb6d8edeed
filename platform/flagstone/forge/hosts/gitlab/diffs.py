"""How many lines a merge request changes in each file."""

from __future__ import annotations

import re

from flagstone.forge.git.comparing import read_sizes
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import PullRequest
from flagstone.forge.hosts.rest.fields import Fields

_HUNK = re.compile(r"@@ -[0-9]{1,9}(?:,([0-9]{1,9}))? \+[0-9]{1,9}(?:,([0-9]{1,9}))? @@")


def is_told_whole(fields: Fields) -> bool:
    """Tell whether GitLab shows all lines of a file's difference: it folds large ones, and cuts the largest."""
    return not any(fields.flag(key, default=False) for key in ("collapsed", "too_large"))


def read_file_size(fields: Fields) -> FileSize:
    """Count the changed lines of one file by its difference; a binary file and a mere renaming have none."""
    additions, deletions = count_lines(fields.text("diff", ""))
    return FileSize(fields.text("new_path"), additions, deletions)


def count_lines(diff: str) -> tuple[int, int]:
    """Count the added and the removed lines of a unified difference.

    The head of each hunk says how many lines it has: a removed line `-- x` looks as the head of a file does.
    """
    additions = deletions = old_left = new_left = 0
    # not splitlines: a line may hold other characters that Python takes for its end
    for line in diff.split("\n"):
        if old_left <= 0 and new_left <= 0:
            if found := _HUNK.match(line):
                old_left, new_left = (int(count or 1) for count in found.groups())
        elif line.startswith("+"):
            additions, new_left = additions + 1, new_left - 1
        elif line.startswith("-"):
            deletions, old_left = deletions + 1, old_left - 1
        elif not line.startswith("\\"):  # "\ No newline at end of file" is no line
            old_left, new_left = old_left - 1, new_left - 1
    return additions, deletions


def counted_by_git(remote: GitRemote, pull: PullRequest) -> tuple[FileSize, ...]:
    """Count without GitLab's limits, in a workspace that fetches no file which is the same on both sides."""
    with GitWorkspace(remote) as workspace:
        for commit in (pull.base, pull.head):
            workspace.fetch_history(commit)
        return read_sizes(workspace.git, pull.base, pull.head)
