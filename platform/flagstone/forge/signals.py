"""What the forge tells the apps above; sent after the commit, and a receiver only enqueues.

`repository_updated`: a branch has another commit (`repository_id`, `branch`, `commit`).
`pull_request_changed`: one was opened, got commits or a review, was merged or closed
(`pull_request_id`, `state`).
`commits_judged`: a check spoke of commits, or they were pushed (`repository_id`, `commits`).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.dispatch import Signal

repository_updated = Signal()
pull_request_changed = Signal()
commits_judged = Signal()


def announce_repository(*, repository_id: int, branch: str, commit: str) -> None:
    """Send `repository_updated` once the surrounding transaction is committed."""

    def send() -> None:
        repository_updated.send(
            sender=None, repository_id=repository_id, branch=branch, commit=commit
        )

    # what a receiver breaks must not undo or hide the change that was made
    transaction.on_commit(send, robust=True)


def announce_pull_request(*, pull_request_id: int, state: str) -> None:
    """Send `pull_request_changed` once the surrounding transaction is committed."""

    def send() -> None:
        pull_request_changed.send(sender=None, pull_request_id=pull_request_id, state=state)

    transaction.on_commit(send, robust=True)


def announce_commits(*, repository_id: int, commits: Sequence[str]) -> None:
    """Send `commits_judged` once the surrounding transaction is committed."""

    def send() -> None:
        commits_judged.send(sender=None, repository_id=repository_id, commits=list(commits))

    transaction.on_commit(send, robust=True)
