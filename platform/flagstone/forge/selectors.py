"""Reads of the forge, shaped for those who show or work with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import QuerySet

from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError, GitFailed, OutputTooLarge, RefNotFound, TimedOut
from flagstone.forge.git.attributes import read_marks
from flagstone.forge.git.command import Git
from flagstone.forge.git.comparing import MergeTrial, read_diff, try_merge
from flagstone.forge.git.diffs import FileDiff
from flagstone.forge.git.history import commits_at
from flagstone.forge.git.limits import OF_A_COMPARISON, ended_by_limits
from flagstone.forge.git.reading import ReadLimits, Tree, read_files, resolve_commit
from flagstone.forge.git.reading import existing_paths as find_existing_paths
from flagstone.forge.git.reading import read_tree as read_commit_tree
from flagstone.forge.git.sizes import NO_MARKS, ChangeSize, FileSize, Marks, measure
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import (
    Comment,
    CommitStatus,
    PullRequestState,
    Review,
)
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.markers import without_marks
from flagstone.forge.models import ChangeRequest, PullRequest, Repository

_T = TypeVar("_T")

_COMMIT_LENGTH = 40
# seconds for one git command while a page waits
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """What a pull request changes: the lines of each file, and the files that its head still has."""

    sizes: tuple[FileSize, ...]
    tree: Tree


@dataclass(frozen=True, slots=True)
class PullRequestDetail:
    """Everything that the page of a pull request shows, as the code host has it at this moment.

    Attributes:
        pull_request: Our row.
        live: The code host's own description; its `head` is what a person looks at and merges.
        body: The body as people read it.
        files: What it changes; None where that is more than a page can tell.
        size: Its size, and the part that people wrote; None where the files are.
        marks: What the repository itself says of the files.
        merge: Whether it can be merged now; None once it is merged or closed, and where git cannot tell in time.
        statuses: What checks say of its head, by context.
        change: The change request behind it, if Flagstone opened it.
    """

    pull_request: PullRequest
    live: HostPullRequest
    body: str
    files: list[FileDiff] | None
    size: ChangeSize | None
    marks: Marks
    merge: MergeTrial | None
    statuses: Mapping[str, CommitStatus]
    change: ChangeRequest | None

    @property
    def reviews(self) -> tuple[Review, ...]:
        return self.live.reviews

    @property
    def comments(self) -> tuple[Comment, ...]:
        return self.live.comments


def read_tree(
    repository: Repository,
    *,
    ref: str | None = None,
    prefix: str = "",
    limits: ReadLimits | None = None,
) -> Tree:
    """Read the files below a folder of a repository, without a checkout.

    Args:
        repository: Which one.
        ref: A branch or the full id of a commit; the default branch when left out.
        prefix: The folder, or one file, from the root.
        limits: What is too much.

    Raises:
        ForgeError: It is gone, empty, too large, or there is no such branch or commit.
    """
    remote = connect(repository.host).git_remote(repository.full_name)
    with GitWorkspace(remote) as workspace:
        commit = _commit_of(workspace, ref)
        workspace.fetch(commit, blobs=True)
        commit = resolve_commit(workspace.git, commit, name=repository.full_name)
        return read_commit_tree(workspace.git, commit, prefix=prefix, limits=limits)


def read_changed_files(pull_request: PullRequest) -> ChangedFiles:
    """Read the files that a pull request changes, as its head has them; only they are fetched.

    Raises:
        ForgeError: The repository is gone, or cannot be read now.
    """
    repository = pull_request.repository
    forge = connect(repository.host)
    sizes = forge.changed_files(repository.full_name, pull_request.number)
    with GitWorkspace(forge.git_remote(repository.full_name)) as workspace:
        paths = [size.path for size in sizes]
        return ChangedFiles(sizes, read_files(workspace, pull_request.head_commit, paths))


def existing_paths(repository: Repository, paths: Iterable[str]) -> set[str]:
    """Return those of the paths, files or folders, that the default branch has.

    Raises:
        ForgeError: The repository is gone, or empty.
    """
    with GitWorkspace(connect(repository.host).git_remote(repository.full_name)) as workspace:
        commit = workspace.observe().head()
        workspace.fetch(commit)
        return find_existing_paths(workspace.git, commit, paths)


def commits_on(repository: Repository, days: Sequence[date]) -> dict[date, str]:
    """Return the commit that the default branch stood at at the end of each day (UTC).

    A day before the first commit is missing from the answer.

    Raises:
        HistoryMissing: Older commits are not there.
        ForgeError: The repository is gone, empty, or cannot be reached.
    """
    with GitWorkspace(connect(repository.host).git_remote(repository.full_name)) as workspace:
        head = workspace.observe().head()
        workspace.fetch_history(head)
        return commits_at(workspace.git, head, days, name=repository.full_name)


def _commit_of(workspace: GitWorkspace, ref: str | None) -> str:
    if ref is None:
        return workspace.observe().head()
    if len(ref) == _COMMIT_LENGTH and all(letter in "0123456789abcdef" for letter in ref):
        return ref
    branches = workspace.observe(ref).branches
    if ref not in branches:
        raise RefNotFound(f"There is no branch {ref!r} in {workspace.remote.name}.", ref=ref)
    return branches[ref]


def list_pull_requests(
    *, state: PullRequestState | None = None, repository: Repository | None = None
) -> QuerySet[PullRequest]:
    """List pull requests, the newest first, with their repositories and authors."""
    found = PullRequest.objects.select_related("repository__host", "author")
    if state is not None:
        found = found.filter(state=state)
    if repository is not None:
        found = found.filter(repository=repository)
    return found


def diff(pull_request: PullRequest) -> list[FileDiff]:
    """Return what a pull request changes, as last recorded.

    Raises:
        ForgeError: Its repository is gone, or cannot be read now.
    """
    repository = pull_request.repository
    base, head = pull_request.base_commit, pull_request.head_commit
    with GitWorkspace(connect(repository.host).git_remote(repository.full_name)) as workspace:
        workspace.fetch(base, head, blobs=True)
        return read_diff(workspace.git, base, head)


def pull_request_detail(pull_request: PullRequest) -> PullRequestDetail:
    """Look at a pull request at its code host, its difference and what is said of it.

    Raises:
        ForgeError: Its repository is gone, or cannot be read now.
    """
    forge, name = connect(pull_request.repository.host), pull_request.repository.full_name
    live = forge.get_pull_request(name, pull_request.number)
    remote = forge.git_remote(name)
    with GitWorkspace(remote, time_limit=_PATIENCE, limits=OF_A_COMPARISON) as workspace:
        workspace.fetch(live.base, live.head, blobs=True)
        files = _unless_too_much(read_diff, workspace, live)
        marks = _marks(workspace, live.base, files or ())
        is_open = live.state is PullRequestState.OPEN
        merge = _unless_too_much(try_merge, workspace, live) if is_open else None
    return PullRequestDetail(
        pull_request=pull_request,
        live=live,
        body=without_marks(live.body),
        files=files,
        size=None if files is None else _size(files, marks),
        marks=marks,
        merge=merge,
        statuses=forge.commit_statuses(name, live.head),
        change=ChangeRequest.objects.filter(pull_request=pull_request).first(),
    )


def _unless_too_much(
    compare: Callable[[Git, str, str], _T], workspace: GitWorkspace, live: HostPullRequest
) -> _T | None:
    """Compare both sides; None where that takes more than a page may: a few objects can hold millions of files."""
    try:
        return compare(workspace.git, live.base, live.head)
    except (OutputTooLarge, TimedOut):
        return None
    except GitFailed as error:
        if not ended_by_limits(int(str(error.params["status"])), error.message):
            raise
        return None


def _size(files: Iterable[FileDiff], marks: Marks) -> ChangeSize:
    return measure((FileSize(file.path, file.additions, file.deletions) for file in files), marks)


def _marks(workspace: GitWorkspace, base: str, files: Iterable[FileDiff]) -> Marks:
    """Read what the repository says of the files; a page shows without it what it can."""
    try:
        return read_marks(workspace, base, (file.path for file in files))
    except ForgeError:
        return NO_MARKS
