"""Merges two branches of a bare repository for real, without a work tree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.errors import MergeConflict, StaleLease
from flagstone.forge.git.command import Git
from flagstone.forge.git.commits import BOT, CommitMeta, Person
from flagstone.forge.git.comparing import MergeTrial, try_merge
from flagstone.forge.hosts.base import Account, MergeMethod, PullRequest
from flagstone.forge.hosts.markers import without_marks


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A ref to move, from what was seen; `new` is "" to delete it."""

    ref: str
    new: str
    old: str


def person(account: Account) -> Person:
    """Return somebody as commits name them."""
    return Person(
        account.name or account.login, account.email or f"{account.login}@noreply.invalid"
    )


def build_merge(
    git: Git,
    pull_request: PullRequest,
    *,
    base: str,
    method: MergeMethod,
    by: Account,
    at: datetime,
) -> str:
    """Make the commit that a merge would put on the target branch, and return its id.

    Raises:
        MergeConflict: With the paths that both sides changed.
    """
    trial = try_merge(git, base, pull_request.head)
    if not trial.is_clean:
        raise _conflict(pull_request, trial)
    squash = method is MergeMethod.SQUASH
    meta = CommitMeta(
        subject=_subject(pull_request, method),
        body=without_marks(pull_request.body) if squash else pull_request.title,
        author=person(pull_request.author if squash else by),
        at=at,
        committer=BOT,
    )
    parents = [base] if squash else [base, pull_request.head]
    commit = "\n".join(
        [
            f"tree {trial.tree}",
            *(f"parent {parent}" for parent in parents),
            f"author {meta.author.stamp(at)}",
            f"committer {meta.committer.stamp(at)}",
            "",
            meta.message(),
        ]
    )
    done = git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=commit.encode())
    return done.stdout.decode().strip()


def move_refs(git: Git, updates: list[RefUpdate]) -> None:
    """Move all refs together, each only from where it was seen, or none.

    Raises:
        StaleLease: One of them stands elsewhere by now.
    """
    commands = ["start"]
    for update in updates:
        if update.new:
            commands.append(f"update {update.ref} {update.new} {update.old}".rstrip())
        else:
            commands.append(f"delete {update.ref} {update.old}")
    commands += ["prepare", "commit", ""]
    done = git.run("update-ref", "--stdin", stdin="\n".join(commands).encode(), accept=(0, 128))
    if done.status != 0:
        raise StaleLease(f"A branch moved while it was being written: {done.stderr}")


def is_ancestor(git: Git, commit: str, of: str) -> bool:
    """Tell whether a commit is part of another's history."""
    return git.run("merge-base", "--is-ancestor", commit, of, accept=(0, 1)).status == 0


def _subject(pull_request: PullRequest, method: MergeMethod) -> str:
    if method is MergeMethod.SQUASH:
        return f"{pull_request.title} (#{pull_request.number})"
    return f"Merge pull request #{pull_request.number} from {pull_request.source}"


def _conflict(pull_request: PullRequest, trial: MergeTrial) -> MergeConflict:
    if not trial.has_common_history:
        what = "the two branches have no common history"
    else:
        shown = ", ".join(trial.conflicts[:5])
        more = len(trial.conflicts) - 5
        what = f"both sides changed {shown}" + (f" and {more} more" if more > 0 else "")
    return MergeConflict(
        f"Pull request #{pull_request.number} cannot be merged into {pull_request.target}: {what}. "
        f"Merge {pull_request.target} into {pull_request.source}, or ask for the change again.",
        number=pull_request.number,
        paths=list(trial.conflicts),
    )
