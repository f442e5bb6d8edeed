"""Reads pull requests: one, those between two branches, those that were changed, and their files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus

from flagstone.forge.errors import PullRequestNotFound
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import PullRequest, PullRequestState, PullRequestTouch
from flagstone.forge.hosts.github.api import RepositoryApi
from flagstone.forge.hosts.github.codec import read_pull_request, read_state, read_timeline
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.touches import readable_touches

_LISTED_AS = {
    None: "all",
    PullRequestState.OPEN: "open",
    PullRequestState.CLOSED: "closed",
    PullRequestState.MERGED: "closed",
}


def get_pull_request(api: RepositoryApi, number: int) -> PullRequest:
    """Read a pull request with all that happened to it: two requests, and one more for each hundred events."""
    fields = get_fields(api, number)
    timeline = api.pages(
        "issues",
        number,
        "timeline",
        operation=f"read what happened to pull request #{number}",
        what="event of a pull request",
    )
    return read_pull_request(fields, read_timeline(timeline))


def get_fields(api: RepositoryApi, number: int) -> Fields:
    """Read a pull request itself.

    Raises:
        PullRequestNotFound: The repository is there, but has none of that number.
        RepositoryGone: It is missing, or hidden from us.
    """
    answer = api.get(
        "pulls",
        number,
        operation=f"read pull request #{number}",
        accept={HTTPStatus.NOT_FOUND},
    )
    if answer.status == HTTPStatus.NOT_FOUND:
        api.get(operation=f"look for pull request #{number}")
        raise PullRequestNotFound(f"{api.repository} has no pull request #{number}.", number=number)
    return api.fields("pull request", answer.body)


def find_pull_request(
    api: RepositoryApi, *, source: str, target: str, state: PullRequestState | None
) -> PullRequest | None:
    """Find the newest between two branches; see `Forge.find_pull_request`."""
    for found in between(api, source, target, state=_LISTED_AS[state]):
        if state in (None, read_state(found)):
            return get_pull_request(api, found.number("number"))
    return None


def between(api: RepositoryApi, source: str, target: str, *, state: str) -> Iterator[Fields]:
    """Yield the pull requests between two branches of the repository itself, the newest first."""
    found = api.pages(
        "pulls",
        operation=f"look for the pull request of {source}",
        params={
            "head": f"{api.owner}:{source}",
            "base": target,
            "state": state,
            "sort": "created",
            "direction": "desc",
        },
        what="pull request",
    )
    for each in found:
        head, base = each.inner("head"), each.inner("base")
        # GitHub passes over a filter that it does not understand, and the owner may have a fork
        is_meant = (head.text("ref"), base.text("ref")) == (source, target)
        if is_meant and _repository_id(head) == _repository_id(base):
            yield each


def touched_pull_requests(api: RepositoryApi, since: datetime | None) -> list[PullRequestTouch]:
    """List those changed at that moment or later; see `Forge.touched_pull_requests`."""
    touches: dict[int, PullRequestTouch] = {}
    listed = api.pages(
        "pulls",
        operation="list the pull requests",
        params={"state": "all", "sort": "updated", "direction": "desc"},
        what="pull request",
    )
    for touch in readable_touches(listed, _touch):
        if since is not None and touch.updated_at < since:
            break
        # one that is changed while we read moves to the front, and pushes others to the next page again
        touches.setdefault(touch.number, touch)
    return sorted(touches.values(), key=lambda touch: (touch.updated_at, touch.number))


def changed_files(api: RepositoryApi, number: int) -> tuple[FileSize, ...]:
    """Count the changed lines of each file; GitHub tells of the first 3000 files."""
    listed = api.pages(
        "pulls",
        number,
        "files",
        operation=f"list the files of pull request #{number}",
        what="file of a pull request",
    )
    return tuple(
        FileSize(file.text("filename"), file.number("additions"), file.number("deletions"))
        for file in listed
    )


def _touch(fields: Fields) -> PullRequestTouch:
    return PullRequestTouch(fields.number("number"), fields.moment("updated_at"))


def _repository_id(side: Fields) -> int:
    """Return the id of the repository that a branch is in; 0 where it is gone."""
    repository = side.optional("repo")
    return repository.number("id") if repository else 0
