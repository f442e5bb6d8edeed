"""The branch and the pull request that an examination makes, and takes away again whatever happens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from django.utils import timezone

from flagstone.core.errors import FlagstoneError
from flagstone.forge.credentials import signing_key_of
from flagstone.forge.doctor.findings import Finding, Outcome, in_turn, tried
from flagstone.forge.errors import (
    ForgeError,
    NotAllowed,
    PolicyRejected,
    StaleLease,
    TransportError,
)
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.pushing import PushResult
from flagstone.forge.git.workspace import Commit, GitWorkspace
from flagstone.forge.hosts.base import (
    CommitStatus,
    Forge,
    PullRequest,
    PullRequestSpec,
    PullRequestState,
    RepositoryInfo,
    StatusState,
)
from flagstone.forge.hosts.markers import hidden_mark
from flagstone.forge.models import CodeHost
from flagstone.forge.people import BOT_ACCOUNT, committer_at
from flagstone.forge.probes import PROBE_TITLE, is_probe_branch, new_probe_branch

_SUBJECT = "Flagstone tries whether it may push"
_FILE = ".flagstone-doctor"
_CONTEXT = "flagstone/doctor"
_MARKER = hidden_mark("doctor")
# another operator's examination may be under way
_ABANDONED_AFTER = timedelta(minutes=10)
# what webhooks and the tokens of Apps tolerate
_CLOCKS_APART = timedelta(seconds=60)


class Probe:
    """What one examination makes in one repository.

    Args:
        host: Where it is.
        forge: Speaks to it.
        info: The repository.
    """

    def __init__(self, host: CodeHost, forge: Forge, info: RepositoryInfo) -> None:
        self._host, self._forge = host, forge
        self._name, self._info = info.full_name, info
        self.branch = new_probe_branch()
        self._pushed = ""
        self._pull: PullRequest | None = None

    def write(self) -> Iterator[Finding]:
        """Push a branch, open a pull request, say something of both."""
        try:
            yield from self._push()
        except (
            FlagstoneError
        ) as error:  # a signing key that cannot be unsealed is none of the forge's
            yield Finding("Push a branch", Outcome.PROBLEM, error.message)
            return
        try:
            yield from self._open()
        except ForgeError as error:
            yield Finding("Open a pull request", Outcome.PROBLEM, error.message)
            return
        yield tried("Comment on it", self._comment)
        yield tried("Set a commit status", self._status)

    def clean_up(self) -> Iterator[Finding]:
        """Close and delete what was made; what got no answer is looked for."""
        if self._pushed:
            yield from self._removed(self.branch, self._pushed, self._pull)

    def remove_old(self) -> Iterator[Finding]:
        """Remove what examinations left that were killed; nothing else is touched."""
        step = "Remove what another doctor left"
        try:
            with GitWorkspace(self._forge.git_remote(self._name)) as workspace:
                left = {
                    branch: commit
                    for branch, commit in workspace.observe().branches.items()
                    if is_probe_branch(branch)
                }
                since = {branch: _pushed_at(workspace, left[branch]) for branch in left}
        except ForgeError as error:
            yield Finding(step, Outcome.PROBLEM, error.message)
            return
        for branch, commit in left.items():
            at = since[branch]
            if at is None:
                words = f"{branch} has commits of somebody else, and was left"
                yield Finding(step, Outcome.SKIPPED, words)
            elif at > timezone.now() - _ABANDONED_AFTER:
                words = f"{branch} is a few minutes old: another doctor may be at it. A later one removes it"
                yield Finding(step, Outcome.SKIPPED, words)
            else:
                yield from self._removed(branch, commit, None)

    def _push(self) -> Iterator[Finding]:
        now = timezone.now()
        words = f"Tried by Flagstone at {now.isoformat()}\n"
        meta = CommitMeta(
            subject=_SUBJECT,
            body="This branch is deleted at once.",
            author=committer_at(self._host),
            at=now,
            committer=committer_at(self._host),
            signing_key=signing_key_of(self._host),
        )
        with GitWorkspace(self._forge.git_remote(self._name)) as workspace:
            files = ChangeSet({_FILE: FileContent(words.encode())})
            commit = workspace.build_commit(self._info.head, files, meta)
            self._pushed = commit.sha  # from here on it may be there
            _push(workspace, commit, self.branch)
        yield Finding("Push a branch", Outcome.OK, self.branch)

    def _open(self) -> Iterator[Finding]:
        before, kind = timezone.now(), "as a draft"
        try:
            self._pull = self._created(is_draft=True)
        except NotAllowed:
            self._pull = self._created(is_draft=False)
        if not self._pull.is_draft:
            kind = "not as a draft: there are none here"
        yield Finding("Open a pull request", Outcome.OK, f"#{self._pull.number}, {kind}")
        yield _clock_finding(before, self._pull.opened_at, timezone.now())

    def _created(self, *, is_draft: bool) -> PullRequest:
        spec = PullRequestSpec(
            title=PROBE_TITLE,
            body="It is closed at once.",
            source=self.branch,
            target=self._info.default_branch,
            author=BOT_ACCOUNT,
            is_draft=is_draft,
        )
        return in_turn(partial(self._forge.create_pull_request, self._name, spec))

    def _comment(self) -> None:
        number = self._pull.number if self._pull else 0
        words = "Flagstone may comment here."
        self._forge.upsert_comment(self._name, number, by=BOT_ACCOUNT, body=words, marker=_MARKER)

    def _status(self) -> None:
        words = "Flagstone may set commit statuses here"
        status = CommitStatus(_CONTEXT, StatusState.SUCCESS, words, timezone.now())
        self._forge.set_commit_status(self._name, self._pushed, status)

    def _removed(self, branch: str, commit: str, pull: PullRequest | None) -> Iterator[Finding]:
        if pull is None:
            # one that got no answer may be there all the same
            with contextlib.suppress(ForgeError):
                pull = self._forge.find_pull_request(
                    self._name,
                    source=branch,
                    target=self._info.default_branch,
                    state=PullRequestState.OPEN,
                )
        if pull is not None:
            close = partial(self._forge.close_pull_request, self._name, pull.number, by=BOT_ACCOUNT)
            yield tried(f"Close pull request #{pull.number}", close)
        yield tried("Delete the branch", partial(self._delete, branch, commit))

    def _delete(self, branch: str, commit: str) -> None:
        if self._forge.delete_branch(self._name, branch, expected=commit):
            return
        with GitWorkspace(self._forge.git_remote(self._name)) as workspace:
            is_there = branch in workspace.observe(branch).branches
        if is_there:
            raise StaleLease(
                f"{branch} was left: somebody pushed to it. Look at it at the code host, and delete it."
            )


def _push(workspace: GitWorkspace, commit: Commit, branch: str) -> None:
    outcome = workspace.push(commit, branch, expected=None)
    if outcome.result is PushResult.REJECTED:
        raise PolicyRejected(f"The code host refuses the branch: {outcome.message}")
    if outcome.result is not PushResult.PUSHED:
        # whatever git made of it, what is there now counts
        found = workspace.observe_after_write(branch).branches.get(branch)
        if found != commit.sha:
            raise TransportError(f"The branch could not be pushed: {outcome.message}")


def _pushed_at(workspace: GitWorkspace, commit: str) -> datetime | None:
    """Return when a doctor made a commit; None where nobody of us did."""
    workspace.fetch(commit)
    done = workspace.git.run("log", "-1", "--format=%ct %s", commit)
    at, _, subject = done.stdout.decode("utf-8", "replace").strip().partition(" ")
    return datetime.fromtimestamp(int(at), UTC) if subject == _SUBJECT else None


def _clock_finding(before: datetime, opened_at: datetime, after: datetime) -> Finding:
    """Compare the code host's clock with ours: its own moment lies between two of ours."""
    apart = max(before - opened_at, opened_at - after)
    if apart <= _CLOCKS_APART:
        return Finding("Compare the clocks", Outcome.OK)
    words = (
        f"The code host's clock and this one are {apart.total_seconds():.0f} seconds apart. Let both follow "
        "NTP: signed webhooks and the tokens of Apps are refused when they differ too much."
    )
    return Finding("Compare the clocks", Outcome.PROBLEM, words)
