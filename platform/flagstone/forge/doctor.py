"""Tries at a real repository all that Flagstone does there, cleans up after itself, and says what is missing."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.utils import timezone

from flagstone.core import audit
from flagstone.core.errors import FlagstoneError
from flagstone.forge.connections import connect
from flagstone.forge.credentials import read_secrets, signing_key_of
from flagstone.forge.errors import ForgeError, Permanent, PolicyRejected, RateLimited, StaleLease
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.pushing import PushResult
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import (
    CommitStatus,
    Forge,
    PullRequest,
    PullRequestSpec,
    PullRequestState,
    RepositoryInfo,
    StatusState,
    WebhookEntry,
)
from flagstone.forge.models import CodeHost, SecretPurpose
from flagstone.forge.people import BOT_ACCOUNT, committer_at

_PROBE = "flagstone/doctor-"
_FILE = ".flagstone-doctor"
_CONTEXT = "flagstone/doctor"
_MARKER = "flagstone:doctor"
_MOST_TURNS, _LONGEST_TURN = 5, 10.0
_T = TypeVar("_T")


class Outcome(StrEnum):
    OK = "ok"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one try showed; of a problem `said` tells what to do as well."""

    step: str
    outcome: Outcome
    said: str


class Doctor:
    """One examination of one repository.

    Args:
        host: Where it is.
        repository: `owner/name`; it need not be registered.
    """

    def __init__(self, host: CodeHost, repository: str) -> None:
        self._host = host
        self._name = repository
        self._branch = f"{_PROBE}{secrets.token_hex(4)}"
        self._pushed = ""
        self._pull: PullRequest | None = None

    def examine(self) -> Generator[Finding]:
        """Yield what each try shows, one after the other; what was made is taken away even if it is ended."""
        forge = connect(self._host)
        try:
            info = forge.get_repository(self._name)
        except FlagstoneError as error:
            yield Finding("Read the repository", Outcome.PROBLEM, error.message)
            return
        audit.record(
            actor=None,
            action="forge.repository_examined",
            subject=f"repository:{self._name}",
            data={"host": self._host.name, "branch": self._branch},
        )
        yield from self._rights(info)
        try:
            yield from self._writing(forge, info)
        finally:
            # a generator that is closed may do this, but may not tell of it
            cleaned = list(self._clean_up(forge))
        yield from cleaned
        yield self._signing()
        yield from self._webhooks(forge)

    def _rights(self, info: RepositoryInfo) -> Iterator[Finding]:
        head = f"{info.default_branch} at {info.head[:12]}"
        yield Finding("Read the repository", Outcome.OK, head)
        if info.is_archived:
            words = (
                "It is archived: unarchive it at the code host, or nothing can be changed there."
            )
            yield Finding("Write permission", Outcome.PROBLEM, words)
        elif info.may_write is False:
            words = "The credential may read only. Give it write permission on contents and pull requests."
            yield Finding("Write permission", Outcome.PROBLEM, words)
        else:
            told = "told by the code host" if info.may_write else "not told; the next tries show it"
            yield Finding("Write permission", Outcome.OK, told)

    def _writing(self, forge: Forge, info: RepositoryInfo) -> Iterator[Finding]:
        try:
            self._push_probe(forge, info)
        except ForgeError as error:
            yield Finding("Push a branch", Outcome.PROBLEM, error.message)
            return
        yield Finding("Push a branch", Outcome.OK, self._branch)
        try:
            said = self._open(forge, info)
        except ForgeError as error:
            yield Finding("Open a pull request", Outcome.PROBLEM, error.message)
            return
        yield Finding("Open a pull request", Outcome.OK, said)
        yield _tried("Comment on it", partial(self._comment, forge))
        yield _tried("Set a commit status", partial(self._status, forge))

    def _push_probe(self, forge: Forge, info: RepositoryInfo) -> None:
        now = timezone.now()
        files = ChangeSet(
            {_FILE: FileContent(f"Tried by Flagstone at {now.isoformat()}\n".encode())}
        )
        meta = CommitMeta(
            subject="Flagstone tries whether it may push",
            body="This branch is deleted at once.",
            author=committer_at(self._host),
            at=now,
            committer=committer_at(self._host),
            signing_key=signing_key_of(self._host),
        )
        with GitWorkspace(forge.git_remote(self._name)) as workspace:
            for branch, stands_at in workspace.observe().branches.items():
                if branch.startswith(_PROBE):  # of one that was killed
                    workspace.delete_branch(branch, expected=stands_at)
            commit = workspace.build_commit(info.head, files, meta)
            outcome = workspace.push(commit, self._branch, expected=None)
        if outcome.result is PushResult.REJECTED:
            raise PolicyRejected(f"The code host refuses the branch: {outcome.message}")
        if outcome.result is not PushResult.PUSHED:
            raise StaleLease(f"The branch could not be pushed: {outcome.message}")
        self._pushed = commit.sha

    def _open(self, forge: Forge, info: RepositoryInfo) -> str:
        spec = PullRequestSpec(
            title="Flagstone tries whether it may open pull requests",
            body="It is closed at once.",
            source=self._branch,
            target=info.default_branch,
            author=BOT_ACCOUNT,
            is_draft=True,
        )
        self._pull = _in_turn(partial(forge.create_pull_request, self._name, spec))
        kind = "as a draft" if self._pull.is_draft else "not as a draft: there are none here"
        return f"#{self._pull.number}, {kind}"

    def _comment(self, forge: Forge) -> None:
        number = self._pull.number if self._pull else 0
        forge.upsert_comment(
            self._name, number, by=BOT_ACCOUNT, body="Flagstone may comment here.", marker=_MARKER
        )

    def _status(self, forge: Forge) -> None:
        words = "Flagstone may set commit statuses here"
        status = CommitStatus(_CONTEXT, StatusState.SUCCESS, words, timezone.now())
        forge.set_commit_status(self._name, self._pushed, status)

    def _clean_up(self, forge: Forge) -> Iterator[Finding]:
        if self._pull is None and self._pushed:
            # one that got no answer may be there all the same
            with contextlib.suppress(ForgeError):
                self._pull = forge.find_pull_request(
                    self._name,
                    source=self._branch,
                    target=forge.get_repository(self._name).default_branch,
                    state=PullRequestState.OPEN,
                )
        if self._pull is not None:
            number = self._pull.number
            close = partial(forge.close_pull_request, self._name, number, by=BOT_ACCOUNT)
            yield _tried(f"Close pull request #{number}", close)
        if self._pushed:
            yield _tried("Delete the branch", partial(self._delete_branch, forge))

    def _delete_branch(self, forge: Forge) -> None:
        if not forge.delete_branch(self._name, self._branch, expected=self._pushed):
            raise StaleLease(
                f"{self._branch} was left: somebody pushed to it, or deleted it. Look at the code host."
            )

    def _signing(self) -> Finding:
        try:
            key = signing_key_of(self._host)
        except FlagstoneError as error:
            return Finding("Sign commits", Outcome.PROBLEM, error.message)
        if key is None:
            return Finding(
                "Sign commits", Outcome.SKIPPED, "no signing key is stored; none is needed"
            )
        if not self._host.email:
            words = "There is a key, but no address of its account: no code host shows that as verified."
            return Finding("Sign commits", Outcome.PROBLEM, words)
        return Finding("Sign commits", Outcome.OK, f"register this key there: {key.public}")

    def _webhooks(self, forge: Forge) -> Iterator[Finding]:
        if self._host.is_local:
            yield Finding("Webhook", Outcome.SKIPPED, "the local code host needs none")
            return
        if not read_secrets(self._host, SecretPurpose.WEBHOOK):
            words = "No webhook secret is stored, so nothing that arrives is believed. Add one in the admin."
            yield Finding("Webhook secret", Outcome.PROBLEM, words)
        address = f"{settings.FLAGSTONE_URL}/webhooks/{self._host.name}"
        try:
            hooks = [
                each for each in forge.list_webhooks(self._name) if _leads_to(each.url, address)
            ]
        except Permanent as error:
            yield Finding("Webhook", Outcome.SKIPPED, f"it cannot be looked up: {error.message}")
            return
        except ForgeError as error:
            yield Finding("Webhook", Outcome.PROBLEM, error.message)
            return
        yield _hook_finding(hooks, address)


def _tried(step: str, attempt: Callable[[], object]) -> Finding:
    try:
        _in_turn(attempt)
    except ForgeError as error:
        return Finding(step, Outcome.PROBLEM, error.message)
    return Finding(step, Outcome.OK, "")


def _in_turn(attempt: Callable[[], _T]) -> _T:
    """Do it, after the few seconds that the code host's pace asks for: somebody watches, and no worker waits."""
    for _ in range(_MOST_TURNS):
        try:
            return attempt()
        except RateLimited as error:
            if error.retry_after is None or error.retry_after > _LONGEST_TURN:
                raise
            time.sleep(error.retry_after)
    return attempt()


def _leads_to(url: str, address: str) -> bool:
    return url.rstrip("/") == address


def _hook_finding(hooks: Sequence[WebhookEntry], address: str) -> Finding:
    if not hooks:
        words = (
            f"The repository has none to {address}. Without one Flagstone notices changes up to "
            f"{settings.FLAGSTONE_SYNC_MINUTES} minutes later. (One of the whole organisation is not listed here.)"
        )
        return Finding("Webhook", Outcome.PROBLEM, words)
    if not any(hook.is_active for hook in hooks):
        return Finding("Webhook", Outcome.PROBLEM, f"The one to {address} is switched off.")
    failed = [hook.last_status for hook in hooks if hook.last_status and hook.last_status >= 400]
    if failed:
        words = (
            f"Its last delivery was answered with {failed[0]}: see Webhook deliveries in the admin."
        )
        return Finding("Webhook", Outcome.PROBLEM, words)
    return Finding("Webhook", Outcome.OK, address)
