"""`Forge` for repositories on this machine's disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flagstone.forge.errors import EmptyRepository, GitFailed, NoDefaultBranch, RepositoryGone
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.comparing import read_sizes
from flagstone.forge.git.limits import OF_A_COMPARISON
from flagstone.forge.git.remotes import HEADS, GitRemote
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import (
    Account,
    Comment,
    CommitStatus,
    ForgeCapabilities,
    MergeMethod,
    MergeResult,
    PullRequest,
    PullRequestSpec,
    PullRequestState,
    PullRequestTouch,
    RepositoryEntry,
    RepositoryInfo,
    Verdict,
    WebhookEntry,
)
from flagstone.forge.hosts.local.conversation import (
    closed,
    require_open,
    with_comment,
    with_draft_state,
    with_review,
)
from flagstone.forge.hosts.local.pull_requests import LONGEST_BODY, LocalPullRequests
from flagstone.forge.hosts.local.repositories import LocalRepositories, check_full_name
from flagstone.forge.hosts.local.store import PullRequestStore
from flagstone.forge.hosts.markers import mark_body, marked_change


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LocalForge:
    """A code host made of bare repositories and files; it needs no server and no network.

    Args:
        root: The folder that holds everything.
        now: The clock; another one lets a demo tell its history.
    """

    capabilities = ForgeCapabilities(
        dedupes_open_pull_requests=True, acts_for_people=True, longest_body=LONGEST_BODY
    )

    def __init__(self, root: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._repositories = LocalRepositories(root)
        self._now = now

    def repository_names(self) -> list[str]:
        """List every repository of this host."""
        return self._repositories.names()

    def check_name(self, repository: str) -> None:
        check_full_name(repository)

    def git_remote(self, repository: str) -> GitRemote:
        folder = self._repositories.folder(repository)
        return GitRemote(
            name=repository, url=str(folder), protocols=("file",), objects=folder / "objects"
        )

    def get_repository(self, repository: str) -> RepositoryInfo:
        folder = self._repositories.existing(repository)
        heads = self._branches(repository)
        if not heads:
            raise EmptyRepository(
                f"The repository {repository} has no commit yet. Push a first one, then try again."
            )
        default = next(((name, sha) for is_head, sha, name in heads if is_head == "*"), None)
        if default is None:
            raise NoDefaultBranch(
                f"The repository {repository} has no default branch: its HEAD names a branch that "
                "is not there. Set it with `git symbolic-ref HEAD refs/heads/<branch>`."
            )
        described = folder / "description"
        return RepositoryInfo(
            full_name=repository,
            description=described.read_text("utf-8").strip() if described.is_file() else "",
            default_branch=default[0],
            head=default[1],
            may_write=True,
        )

    def create_repository(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        self._repositories.create(repository, description=description, files=files, meta=meta)
        return self.get_repository(repository)

    def delete_repository(self, repository: str, *, expected_head: str) -> bool:
        store = self._store(repository)
        with store.locked():
            return self._repositories.delete(
                repository, only_if=lambda: self._holds_only(repository, expected_head)
            )

    def delete_branch(self, repository: str, branch: str, *, expected: str) -> bool:
        git = self._repositories.git(repository)
        done = git.run("update-ref", "-d", HEADS + branch, expected, accept=None)
        return done.status == 0

    def find_pull_request(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None = None
    ) -> PullRequest | None:
        return self._pulls(repository).find(source=source, target=target, state=state)

    def get_pull_request(self, repository: str, number: int) -> PullRequest:
        return self._pulls(repository).get(number)

    def list_pull_requests(
        self, repository: str, *, updated_since: datetime | None = None
    ) -> list[PullRequest]:
        """Describe them all, the oldest change first."""
        return self._pulls(repository).listed(updated_since=updated_since)

    def touched_pull_requests(
        self, repository: str, *, since: datetime | None = None
    ) -> list[PullRequestTouch]:
        found = self.list_pull_requests(repository, updated_since=since)
        return [PullRequestTouch(pull.number, pull.updated_at) for pull in found]

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        pull = self._pulls(repository).get(number)
        git = self._repositories.git(repository, limits=OF_A_COMPARISON)
        return read_sizes(git, pull.base, pull.head)

    def list_repositories(self, owner: str) -> Iterator[RepositoryEntry]:
        names = [name for name in self.repository_names() if name.partition("/")[0] == owner]
        if not names:
            raise RepositoryGone(
                f"There is no folder {owner!r} with repositories on the local code host."
            )
        for name in names:
            try:
                info = self.get_repository(name)
            except (EmptyRepository, NoDefaultBranch):
                yield RepositoryEntry(name, "", "")
            else:
                yield RepositoryEntry(name, info.description, info.default_branch)

    def list_webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        self._repositories.existing(repository)
        return ()

    def create_pull_request(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        return self._pulls(repository).create(spec)

    def update_pull_request(
        self,
        repository: str,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        is_draft: bool | None = None,
    ) -> PullRequest:
        at = self._now()

        def change(pull: PullRequest) -> PullRequest:
            after = pull
            if is_draft is not None:
                require_open(pull)
                after = with_draft_state(after, is_draft=is_draft, at=at)
            if title is not None:
                after = replace(after, title=" ".join(title.split()))
            if body is not None:
                ours = marked_change(pull.body)
                after = replace(after, body=mark_body(body, ours, longest=LONGEST_BODY))
            return pull if after == pull else replace(after, updated_at=at)

        return self._pulls(repository).change(number, change)

    def close_pull_request(self, repository: str, number: int, *, by: Account) -> PullRequest:
        at = self._now()

        def change(pull: PullRequest) -> PullRequest:
            if pull.state is PullRequestState.CLOSED:
                return pull
            require_open(pull)
            return closed(pull, by=by, at=at)

        return self._pulls(repository).change(number, change)

    def merge_pull_request(
        self,
        repository: str,
        number: int,
        *,
        expected_head: str,
        method: MergeMethod,
        by: Account,
    ) -> MergeResult:
        return self._pulls(repository).merge(
            number, expected_head=expected_head, method=method, by=by
        )

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        review = partial(with_review, by=by, verdict=verdict, body=body, at=self._now())
        return self._pulls(repository).change(number, review)

    def upsert_comment(
        self, repository: str, number: int, *, by: Account, body: str, marker: str = ""
    ) -> Comment:
        written: list[Comment] = []

        def change(pull: PullRequest) -> PullRequest:
            after, comment = with_comment(pull, by=by, body=body, marker=marker, at=self._now())
            written.append(comment)
            return after

        self._pulls(repository).change(number, change)
        return written[0]

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        wanted, at = tuple(sorted(set(labels))), self._now()

        def change(pull: PullRequest) -> PullRequest:
            same = pull.labels == wanted
            return pull if same else replace(pull, labels=wanted, updated_at=at)

        return self._pulls(repository).change(number, change)

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        """Ask nobody: who may review sees every pull request of this host in Flagstone itself."""
        self._pulls(repository).get(number)

    def set_commit_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        store = self._store(repository)
        with store.locked():
            store.set_status(commit, status)

    def commit_statuses(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        return self._store(repository).statuses(commit)

    def _branches(self, repository: str) -> list[tuple[str, str, str]]:
        """List (`*` if HEAD, commit, name) of every branch."""
        form = "--format=%(HEAD)%09%(objectname)%09%(refname)"
        try:
            done = self._repositories.git(repository).run("for-each-ref", form, HEADS)
        except GitFailed as error:
            raise RepositoryGone(
                f"The repository {repository} cannot be read: {error.message}",
                repository=repository,
            ) from error
        rows = (line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines())
        return [(mark, commit, ref.removeprefix(HEADS)) for mark, commit, ref in rows]

    def _holds_only(self, repository: str, commit: str) -> bool:
        heads = self._branches(repository)
        alone = [(sha, mark) for mark, sha, _ in heads] == [(commit, "*")]
        return alone and not self._store(repository).numbers()

    def _pulls(self, repository: str) -> LocalPullRequests:
        git = self._repositories.git(repository)
        return LocalPullRequests(git, self._store(repository), now=self._now)

    def _store(self, repository: str) -> PullRequestStore:
        return PullRequestStore(self._repositories.pulls(repository), name=repository)
