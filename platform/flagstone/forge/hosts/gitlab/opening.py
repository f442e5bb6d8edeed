"""Opens a merge request, once; a second look tells why GitLab would not."""

from __future__ import annotations

from http import HTTPStatus

from flagstone.forge.errors import (
    AlreadyExists,
    ForgeError,
    NotAllowed,
    NotYetConsistent,
    RefNotFound,
)
from flagstone.forge.hosts.base import PullRequest, PullRequestSpec, PullRequestState
from flagstone.forge.hosts.gitlab.api import GitLabApi
from flagstone.forge.hosts.gitlab.codec import read_merge_request
from flagstone.forge.hosts.gitlab.conversation import with_conversation
from flagstone.forge.hosts.gitlab.reading import GitLabReader
from flagstone.forge.hosts.gitlab.texts import description_of, host_title
from flagstone.forge.hosts.rest.transport import Answer

_LOOK_AGAIN = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


def open_merge_request(
    api: GitLabApi, reader: GitLabReader, repository: str, spec: PullRequestSpec
) -> PullRequest:
    """Open a merge request; see `Forge.create_pull_request`."""
    if spec.source == spec.target:
        raise NotAllowed(f"A merge request leads to another branch than {spec.source!r} itself.")
    operation = f"open a merge request in {repository}"
    answer = api.write(
        "POST",
        repository,
        "merge_requests",
        operation=operation,
        payload={
            "title": host_title(spec.title, is_draft=spec.is_draft),
            "description": description_of(spec.body, spec.change_id),
            "source_branch": spec.source,
            "target_branch": spec.target,
            # a branch of one change: whoever merges it at GitLab leaves none behind
            "remove_source_branch": spec.change_id is not None,
        },
        accept=_LOOK_AGAIN,
    )
    if answer.status in _LOOK_AGAIN:
        raise _why_refused(api, reader, repository, spec, answer, operation)
    pull = read_merge_request(api.merge_request_of(answer, of_write=True))
    return with_conversation(pull, (), (), None)


def _why_refused(
    api: GitLabApi,
    reader: GitLabReader,
    repository: str,
    spec: PullRequestSpec,
    answer: Answer,
    operation: str,
) -> ForgeError:
    """Return what a refusal means; the same statuses stand for what is there and for what is not seen yet."""
    open_ones = reader.between(
        repository, source=spec.source, target=spec.target, state=PullRequestState.OPEN
    )
    for number in open_ones:
        return AlreadyExists(
            f"Merge request !{number} of {repository} leads from {spec.source} to {spec.target} "
            "already.",
            number=number,
        )
    refusal = api.refusal(answer, operation)
    if answer.status == HTTPStatus.CONFLICT:
        return NotYetConsistent(f"{refusal.message} There is no open one to be seen (yet).")
    if api.branch_head(repository, spec.target) is None:
        return RefNotFound(
            f"The target branch {spec.target!r} is not in {repository}.", ref=spec.target
        )
    if api.branch_head(repository, spec.source) is None:
        return NotYetConsistent(f"{api.host} does not show the branch {spec.source!r} (yet).")
    if answer.status == HTTPStatus.NOT_FOUND or _names_source(answer):
        return NotYetConsistent(
            f"{api.host} shows the branch {spec.source!r}, and opens no merge request of it yet: "
            f"{refusal.message}"
        )
    return refusal


def _names_source(answer: Answer) -> bool:
    """Tell whether GitLab finds fault with the source branch, or, as it says then, with both branches."""
    said = answer.body.get("message") if isinstance(answer.body, dict) else None
    return isinstance(said, dict) and not {"source_branch", "validate_branches"}.isdisjoint(said)
