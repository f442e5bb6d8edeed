"""Pull requests: found, described, opened, changed and closed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from flagstone.forge.errors import (
    AlreadyExists,
    EmptyChange,
    ForgeError,
    NotAllowed,
    NotYetConsistent,
    PolicyRejected,
    PullRequestNotOpen,
    RefNotFound,
)
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import (
    PullRequest,
    PullRequestSpec,
    PullRequestState,
    PullRequestTouch,
)
from flagstone.forge.hosts.markers import mark_body, marked_change
from flagstone.forge.hosts.pagure.api import Branches, PagureApi
from flagstone.forge.hosts.pagure.codec import (
    Standing,
    file_sizes_of,
    is_between,
    pull_request_of,
    state_of,
    touch_of,
)
from flagstone.forge.hosts.pagure.names import path_of
from flagstone.forge.hosts.pagure.standing import PagureStandings
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.touches import readable_touches

# the column takes far more, and readers do not: the limit of the other code hosts
LONGEST_BODY = 65_536


class PagurePullRequests:
    def __init__(self, api: PagureApi, standings: PagureStandings) -> None:
        self._api = api
        self._standings = standings

    def get(self, repository: str, number: int) -> PullRequest:
        return self._described(repository, self._api.pull_request(repository, number))

    def find(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None
    ) -> PullRequest | None:
        found = self._found(repository, source=source, target=target, state=state)
        return self._described(repository, found) if found else None

    def touched(self, repository: str, *, since: datetime | None) -> list[PullRequestTouch]:
        """Read the whole list: it can be had in the order of opening alone."""
        listed = self._listed(repository, None, f"list what changed in {repository}")
        touches = readable_touches(listed, touch_of)
        # one that is opened while the pages are read moves the others on, and they come twice
        latest = {
            touch.number: touch for touch in touches if since is None or touch.updated_at >= since
        }
        return sorted(latest.values(), key=lambda touch: (touch.updated_at, touch.number))

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        pull = self._api.pull_request(repository, number)
        state_of(pull)
        if pull.optional_text("commit_stop") is None:  # nothing differs, for which it has no answer
            return ()
        found = self._api.get(
            path_of(repository, "pull-request", number, "diffstats"),
            "list of changed files",
            operation=f"list the files of pull request #{number} of {repository}",
        )
        return file_sizes_of(found)

    def create(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        """Open a pull request after a look for another one: the code host opens as many as it is asked for.

        Callers take turns. Where one lost its turn without noticing, the later pull request is closed again.
        """
        _refuse_draft(is_draft=spec.is_draft)
        if spec.source == spec.target:
            raise NotAllowed(f"A pull request leads to another branch than {spec.source!r} itself.")
        branches = self._ready_branches(repository, spec)
        other = self._found(
            repository, source=spec.source, target=spec.target, state=PullRequestState.OPEN
        )
        if other is not None:
            raise _already_there(spec, other.number("id"))
        payload = {
            "title": " ".join(spec.title.split()),
            "initial_comment": mark_body(spec.body, spec.change_id, longest=LONGEST_BODY),
            "branch_from": spec.source,
            "branch_to": spec.target,
        }
        try:
            fields = self._api.write(
                path_of(repository, "pull-request", "new"),
                payload,
                "pull request",
                operation=f"open a pull request in {repository}",
            )
        except PolicyRejected:
            self._ready_branches(repository, spec)  # one may have gone just now
            raise
        self._close_second(repository, spec, fields.number("id"))
        standing = Standing(branches.heads[spec.source], branches.heads[spec.target])
        with contextlib.suppress(ForgeError):  # it is open all the same
            standing = self._standings.of(repository, fields, branches)
        return pull_request_of(fields, standing, own=self._api.user)

    def _close_second(self, repository: str, spec: PullRequestSpec, number: int) -> None:
        """Close what was just opened if somebody opened an earlier one meanwhile.

        Raises:
            AlreadyExists: It was closed.
        """
        operation = f"look for other pull requests of {spec.source} in {repository}"
        try:
            earlier = [
                each.number("id")
                for each in self._listed(repository, PullRequestState.OPEN, operation)
                if is_between(each, repository, source=spec.source, target=spec.target)
                and each.number("id") < number
            ]
            if earlier:
                self.close(repository, number)
        except ForgeError:  # then both stand there, and people see them
            return
        if earlier:
            raise _already_there(spec, min(earlier))

    def update(
        self,
        repository: str,
        number: int,
        *,
        title: str | None,
        body: str | None,
        is_draft: bool | None,
    ) -> PullRequest:
        _refuse_draft(is_draft=is_draft)
        fields = self._api.pull_request(repository, number)
        # what is not sent is emptied there
        before = {key: fields.text(key, "") for key in ("title", "initial_comment")}
        after = dict(before)
        if title is not None:
            after["title"] = " ".join(title.split())
        if body is not None:
            change = marked_change(before["initial_comment"])
            after["initial_comment"] = mark_body(body, change, longest=LONGEST_BODY)
        if after != before:
            fields = self._api.write(
                path_of(repository, "pull-request", number),
                after,
                "pull request",
                operation=f"change pull request #{number} of {repository}",
            )
        return self._described(repository, fields)

    def close(self, repository: str, number: int) -> PullRequest:
        """Close an open one.

        The look before is all that keeps a merged one from being called closed: the code host would do it.
        """
        fields = self._api.pull_request(repository, number)
        state = state_of(fields)
        if state is PullRequestState.MERGED:
            raise PullRequestNotOpen(
                f"Pull request #{number} is {state.value} already.",
                number=number,
                state=state.value,
            )
        if state is PullRequestState.OPEN:
            self._api.write(
                path_of(repository, "pull-request", number, "close"),
                {},
                operation=f"close pull request #{number} of {repository}",
            )
            fields = self._api.pull_request(repository, number)
        return self._described(repository, fields)

    def _described(self, repository: str, fields: Fields) -> PullRequest:
        standing = self._standings.of(repository, fields)
        return pull_request_of(fields, standing, own=self._api.user)

    def _ready_branches(self, repository: str, spec: PullRequestSpec) -> Branches:
        """Return the branches when a pull request can be opened between two of them.

        Raises:
            RefNotFound: The target is missing.
            NotYetConsistent: The source is missing (yet).
            EmptyChange: Both are the same commit.
        """
        branches = self._api.branches(repository)
        if spec.target not in branches.heads:
            raise RefNotFound(
                f"The target branch {spec.target!r} is not in {repository}.", ref=spec.target
            )
        if spec.source not in branches.heads:
            raise NotYetConsistent(
                f"{self._api.host} does not show the branch {spec.source!r} (yet)."
            )
        if branches.heads[spec.source] == branches.heads[spec.target]:
            raise EmptyChange(f"{spec.source} holds nothing that is not in {spec.target} already.")
        return branches

    def _found(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None
    ) -> Fields | None:
        """Find the newest one between two branches: the list begins with it, and knows no such filter."""
        operation = f"look for the pull request of {source} in {repository}"
        for each in self._listed(repository, state, operation):
            if is_between(each, repository, source=source, target=target):
                return each
        return None

    def _listed(
        self, repository: str, state: PullRequestState | None, operation: str
    ) -> Iterator[Fields]:
        return self._api.entries(
            path_of(repository, "pull-requests"),
            "requests",
            operation=operation,
            params={"status": state.value if state else "all"},
        )


def _refuse_draft(*, is_draft: bool | None) -> None:
    """Refuse what the code host does not know.

    Raises:
        NotAllowed: It is to be a draft.
    """
    if is_draft:
        raise NotAllowed("Pagure has no drafts: open the pull request when it is ready.")


def _already_there(spec: PullRequestSpec, number: int) -> AlreadyExists:
    return AlreadyExists(
        f"Pull request #{number} leads from {spec.source} to {spec.target} already.",
        number=number,
    )
