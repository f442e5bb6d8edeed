"""Merge requests read: one with its history, the newest between two branches, and which were touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus

from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import PullRequest, PullRequestState, PullRequestTouch
from flagstone.forge.hosts.gitlab.api import PAGE_SIZE, GitLabApi, path_of
from flagstone.forge.hosts.gitlab.codec import (
    Approval,
    Note,
    is_from_a_fork,
    read_approvals,
    read_merge_request,
    read_note,
    read_state,
    read_touch,
)
from flagstone.forge.hosts.gitlab.conversation import with_conversation
from flagstone.forge.hosts.gitlab.diffs import counted_by_git, is_told_whole, read_file_size
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.touches import readable_touches
from flagstone.forge.hosts.rest.transport import MOST_PAGES, Answer


class GitLabReader:
    """Reads the merge requests of one GitLab.

    Args:
        api: Speaks to it.
        remote_of: Returns how git reaches a project.
    """

    def __init__(self, api: GitLabApi, remote_of: Callable[[str], GitRemote]) -> None:
        self._api = api
        self._remote_of = remote_of

    def get(self, repository: str, number: int) -> PullRequest:
        """Describe a merge request with its history, in four requests, or five where that is long."""
        return self.described(repository, self._api.merge_request(repository, number))

    def described(self, repository: str, fields: Fields) -> PullRequest:
        """Add its history to a merge request that was just read alone."""
        pull = read_merge_request(fields)
        notes, is_long = self._notes(repository, pull.number)
        approvals = self._approvals(repository, pull.number)
        began_at = self._began_at(repository, pull.number, may_ask_twice=not is_long)
        return with_conversation(pull, notes, approvals, began_at)

    def find(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None
    ) -> PullRequest | None:
        for number in self.between(repository, source=source, target=target, state=state):
            return self.get(repository, number)
        return None

    def between(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None
    ) -> Iterator[int]:
        """Yield the numbers of those between two branches of the project itself, the newest first."""
        newest_first = self._api.entries(
            path_of(repository, "merge_requests"),
            operation=f"look for the merge request of {source} in {repository}",
            what="merge request",
            params={
                "state": "all",
                "source_branch": source,
                "target_branch": target,
                "order_by": "created_at",
                "sort": "desc",
            },
        )
        for fields in newest_first:
            ends = (fields.text("source_branch"), fields.text("target_branch"))
            is_wanted = state is None or read_state(fields) is state
            # a fork may have a branch of the same name
            if ends == (source, target) and is_wanted and not is_from_a_fork(fields):
                yield fields.number("iid")

    def touched(self, repository: str, *, since: datetime | None) -> list[PullRequestTouch]:
        """List the touched ones, the oldest touch first.

        Each next page begins at the last moment of the one before: with pages by number, one that is touched in
        the meantime would move the others forward, and one of them out of sight.
        """
        found: dict[int, PullRequestTouch] = {}
        after, number = since, 1
        for _ in range(MOST_PAGES):
            page = self._touched_page(repository, after, number)
            touches = list(readable_touches(page, read_touch))
            found |= {touch.number: touch for touch in touches}
            if len(page) < PAGE_SIZE:
                break
            latest = max((touch.updated_at for touch in touches), default=None)
            if latest is not None and (after is None or latest > after):
                after, number = latest, 1
            else:
                number += 1
        return sorted(found.values(), key=lambda touch: (touch.updated_at, touch.number))

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        """Count by what GitLab shows of the difference; what it does not show whole, git counts."""
        fields = self._api.merge_request(repository, number)
        if fields.text("changes_count", "").endswith("+"):
            return self._counted_by_git(repository, fields)
        files = list(
            self._api.entries(
                path_of(repository, "merge_requests", number, "diffs"),
                operation=f"list the files of merge request !{number} of {repository}",
                what="changed file",
            )
        )
        if not all(map(is_told_whole, files)):
            return self._counted_by_git(repository, fields)
        return tuple(map(read_file_size, files))

    def _counted_by_git(self, repository: str, fields: Fields) -> tuple[FileSize, ...]:
        pull = read_merge_request(fields)
        return counted_by_git(self._remote_of(repository), pull)

    def _touched_page(self, repository: str, after: datetime | None, number: int) -> list[Fields]:
        operation = f"list what changed in {repository}"
        params = {
            "state": "all",
            "order_by": "updated_at",
            "sort": "asc",
            "page": number,
            "per_page": PAGE_SIZE,
        }
        if after is not None:
            params["updated_after"] = after.astimezone(UTC).isoformat()
        answer = self._api.get(
            path_of(repository, "merge_requests"), operation=operation, params=params
        )
        entries = self._api.listed(answer, operation)
        return [self._api.fields("merge request", entry) for entry in entries]

    def _notes(self, repository: str, number: int) -> tuple[list[Note], bool]:
        """Return its history, and whether that is longer than a page.

        Of a history longer than two pages its middle is left out: the first review is at its beginning, what holds
        now is at its end.
        """
        path = path_of(repository, "merge_requests", number, "notes")
        operation = f"read the history of merge request !{number} of {repository}"

        def page(sort: str) -> Answer:
            params = {"sort": sort, "order_by": "created_at", "per_page": PAGE_SIZE}
            return self._api.get(path, operation=operation, params=params)

        answers = [page("asc")]
        is_long = len(self._api.listed(answers[0], operation)) >= PAGE_SIZE
        if is_long:
            answers.append(page("desc"))
        notes = [
            read_note(self._api.fields("note", entry))
            for answer in answers
            for entry in self._api.listed(answer, operation)
        ]
        return list({note.comment.number: note for note in notes}.values()), is_long

    def _approvals(self, repository: str, number: int) -> list[Approval] | None:
        """Return the approvals that hold; None where this GitLab does not tell them."""
        answer = self._api.get(
            path_of(repository, "merge_requests", number, "approvals"),
            operation=f"read the approvals of merge request !{number} of {repository}",
            accept=(HTTPStatus.NOT_FOUND,),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return read_approvals(self._api.fields("list of approvals", answer.body))

    def _began_at(self, repository: str, number: int, *, may_ask_twice: bool) -> datetime | None:
        """Return when the oldest commit was written; they come with the newest first, and in pages."""
        path = path_of(repository, "merge_requests", number, "commits")
        operation = f"list the commits of merge request !{number} of {repository}"
        answer = self._api.get(path, operation=operation, params={"per_page": PAGE_SIZE})
        pages = answer.headers.get("x-total-pages", "")
        if pages.isdecimal() and int(pages) > 1:
            if not may_ask_twice:
                return None
            params = {"per_page": PAGE_SIZE, "page": pages}
            answer = self._api.get(path, operation=operation, params=params)
        commits = (
            self._api.fields("commit", entry) for entry in self._api.listed(answer, operation)
        )
        moments = (commit.optional_moment("authored_date") for commit in commits)
        return min((moment for moment in moments if moment), default=None)
