"""The pull requests of one local repository: opened, kept true to the branches, merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from flagstone.forge.errors import (
    AlreadyExists,
    EmptyChange,
    HeadMoved,
    NotAllowed,
    NotYetConsistent,
    RefNotFound,
    StaleLease,
)
from flagstone.forge.git.command import Git
from flagstone.forge.git.remotes import HEADS
from flagstone.forge.hosts.base import (
    Account,
    MergeMethod,
    MergeResult,
    PullRequest,
    PullRequestSpec,
    PullRequestState,
)
from flagstone.forge.hosts.local.codec import Record
from flagstone.forge.hosts.local.conversation import closed, merged, require_open
from flagstone.forge.hosts.local.merging import RefUpdate, build_merge, is_ancestor, move_refs
from flagstone.forge.hosts.local.store import PullRequestStore
from flagstone.forge.hosts.markers import mark_body

LONGEST_BODY = 65_536
_MERGE_ATTEMPTS = 5

Change = Callable[[PullRequest], PullRequest]


class LocalPullRequests:
    """Reads and writes under the repository's lock, so that two people at once do not undo each other.

    Args:
        git: Standing in the bare repository.
        store: Its pull requests.
        now: The clock.
    """

    def __init__(self, git: Git, store: PullRequestStore, *, now: Callable[[], datetime]) -> None:
        self._git = git
        self._store = store
        self._now = now

    def create(self, spec: PullRequestSpec) -> PullRequest:
        with self._store.locked():
            heads = self._heads(spec.source, spec.target)
            self._check_new(spec, heads)
            at = self._now()
            pull_request = PullRequest(
                number=next(iter(self._store.numbers()), 0) + 1,
                title=" ".join(spec.title.split()),
                body=mark_body(spec.body, spec.change_id, longest=LONGEST_BODY),
                source=spec.source,
                target=spec.target,
                author=spec.author,
                state=PullRequestState.OPEN,
                is_draft=spec.is_draft,
                labels=(),
                head=heads[spec.source],
                base=heads[spec.target],
                opened_at=at,
                updated_at=at,
                ready_at=None if spec.is_draft else at,
            )
            # keeps the commits when the branch is gone; without a record it means nothing yet
            move_refs(self._git, [RefUpdate(_kept_ref(pull_request), pull_request.head, "")])
            self._store.write(Record(pull_request))
        return pull_request

    def find(
        self, *, source: str, target: str, state: PullRequestState | None
    ) -> PullRequest | None:
        for number in self._store.numbers(source=source):
            pull_request = self.get(number)
            if pull_request.target == target and state in {None, pull_request.state}:
                return pull_request
        return None

    def get(self, number: int) -> PullRequest:
        record = self._store.read(number)
        if _is_settled(record):
            return record.pull_request
        with self._store.locked():
            return self._refresh(self._store.read(number), None)

    def listed(self, *, updated_since: datetime | None) -> list[PullRequest]:
        records = [self._store.read(number) for number in self._store.numbers()]
        if not all(map(_is_settled, records)):
            with self._store.locked():
                heads = self._heads()
                for place, record in enumerate(records):
                    if not _is_settled(record):
                        latest = self._store.read(record.pull_request.number)
                        records[place] = Record(self._refresh(latest, heads))
        found = [record.pull_request for record in records]
        if updated_since is not None:
            found = [pull for pull in found if pull.updated_at >= updated_since]
        return sorted(found, key=lambda pull: (pull.updated_at, pull.number))

    def change(self, number: int, change: Change) -> PullRequest:
        """Apply a change to the latest state."""
        with self._store.locked():
            before = self._refresh(self._store.read(number), None)
            after = change(before)
            if after != before:
                self._store.write(Record(after))
        return after

    def merge(
        self, number: int, *, expected_head: str, method: MergeMethod, by: Account
    ) -> MergeResult:
        with self._store.locked():
            pull_request = self._refresh(self._store.read(number), None)
            if pull_request.state is PullRequestState.MERGED and pull_request.head == expected_head:
                return MergeResult(pull_request.merge, pull_request.head, pull_request.base)
            require_open(pull_request)
            if pull_request.head != expected_head:
                raise HeadMoved(
                    f"Pull request #{number} has new commits since you looked at it. "
                    "Look at them, then merge.",
                    number=number,
                    head=pull_request.head,
                )
            return self._merge(pull_request, method, by)

    def _merge(self, pull_request: PullRequest, method: MergeMethod, by: Account) -> MergeResult:
        for _ in range(_MERGE_ATTEMPTS):
            heads = self._heads(pull_request.source, pull_request.target)
            base = _target_head(pull_request.target, heads)
            at = self._now()
            merge = build_merge(
                self._git, pull_request, base=base, method=method, by=by, at=at
            )  # fmt: skip
            result = MergeResult(merge, pull_request.head, base)
            # told before it is done: after a crash the target branch says which of the two holds
            intended = replace(pull_request, closed_by=by, updated_at=at)
            self._store.write(Record(intended, pending=result))
            try:
                move_refs(self._git, self._merge_updates(pull_request, result, heads))
            except StaleLease:
                continue  # somebody pushed to the target branch in between: merge onto that
            self._store.write(Record(merged(pull_request, merge=merge, base=base, by=by, at=at)))
            return result
        self._store.write(Record(pull_request))
        raise StaleLease(
            f"{pull_request.target} moves faster than pull request #{pull_request.number} can be "
            "merged; try again."
        )

    def _refresh(self, record: Record, heads: dict[str, str] | None) -> PullRequest:
        """Bring an open pull request up to what the branches say, and store what changed."""
        pull_request = record.pull_request
        if _is_settled(record):
            return pull_request
        if heads is None:
            heads = self._heads(pull_request.source, pull_request.target)
        latest = self._settle(record, heads)
        if latest != pull_request or record.pending:
            self._store.write(Record(latest))
        return latest

    def _settle(self, record: Record, heads: dict[str, str]) -> PullRequest:
        pull_request, at = record.pull_request, self._now()
        target = heads.get(pull_request.target)
        if target is None:
            # an emptied or half restored repository says nothing about its pull requests
            return pull_request
        if (pending := record.pending) and is_ancestor(self._git, pending.merge, target):
            return merged(
                pull_request,
                merge=pending.merge,
                base=pending.base,
                by=pull_request.closed_by,
                at=pull_request.updated_at,
            )
        pull_request = replace(pull_request, closed_by=None)
        head = heads.get(pull_request.source, "")
        if target != pull_request.base and is_ancestor(
            self._git, head or pull_request.head, target
        ):  # merged by a push
            found = replace(pull_request, head=head or pull_request.head)
            return merged(found, merge=target, base=pull_request.base, by=None, at=at)
        if not head:
            return closed(pull_request, by=None, at=at)
        if head != pull_request.head:
            move_refs(self._git, [RefUpdate(_kept_ref(pull_request), head, "")])
            pull_request = replace(pull_request, head=head, updated_at=at)
        return replace(pull_request, base=target)

    def _check_new(self, spec: PullRequestSpec, heads: dict[str, str]) -> None:
        if spec.source == spec.target:
            raise NotAllowed(f"A pull request leads to another branch than {spec.source!r} itself.")
        target = _target_head(spec.target, heads)
        if spec.source not in heads:
            raise NotYetConsistent(f"The branch {spec.source!r} is not there (yet).")
        for number in self._store.numbers(source=spec.source):
            other = self._store.read(number).pull_request
            if other.target == spec.target and other.state is PullRequestState.OPEN:
                raise AlreadyExists(
                    f"Pull request #{number} leads from {spec.source} to {spec.target} already.",
                    number=number,
                )
        if is_ancestor(self._git, heads[spec.source], target):
            raise EmptyChange(f"{spec.source} holds nothing that is not in {spec.target} already.")

    def _heads(self, *branches: str) -> dict[str, str]:
        """Return the commits of branches, of all if none is named."""
        refs = [HEADS + branch for branch in branches] or [HEADS]
        done = self._git.run("for-each-ref", "--format=%(objectname) %(refname)", *refs)
        lines = (line.partition(" ") for line in done.stdout.decode().splitlines())
        return {ref.removeprefix(HEADS): commit for commit, _, ref in lines}

    def _merge_updates(
        self, pull_request: PullRequest, result: MergeResult, heads: dict[str, str]
    ) -> list[RefUpdate]:
        """Move the target branch and delete the source branch, both or neither."""
        updates = [RefUpdate(HEADS + pull_request.target, result.merge, result.base)]
        default = self._git.run("symbolic-ref", "HEAD").stdout.decode().strip()
        source = HEADS + pull_request.source
        if pull_request.source in heads and source != default:
            updates.append(RefUpdate(source, "", result.head))
        return updates


def _is_settled(record: Record) -> bool:
    return record.pull_request.state is not PullRequestState.OPEN


def _target_head(target: str, heads: dict[str, str]) -> str:
    if target not in heads:
        raise RefNotFound(f"The target branch {target!r} is not there.", ref=target)
    return heads[target]


def _kept_ref(pull_request: PullRequest) -> str:
    return f"refs/pull/{pull_request.number}/head"
