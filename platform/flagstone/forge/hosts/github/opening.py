"""Opens a pull request, once; a second look tells why GitHub would not."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flagstone.forge.errors import AlreadyExists, ForgeError, NotYetConsistent, OutcomeUnknown
from flagstone.forge.hosts.base import PullRequest, PullRequestSpec
from flagstone.forge.hosts.github.api import RepositoryApi
from flagstone.forge.hosts.github.codec import read_pull_request
from flagstone.forge.hosts.github.finding import between
from flagstone.forge.hosts.markers import mark_body
from flagstone.forge.hosts.rest.transport import Answer

LONGEST_BODY, LONGEST_TITLE = 65536, 256


def open_pull_request(api: RepositoryApi, spec: PullRequestSpec) -> PullRequest:
    """Open a pull request; see `Forge.create_pull_request`."""
    payload: dict[str, Any] = {
        "title": fit_title(spec.title),
        "body": mark_body(spec.body, spec.change_id, longest=LONGEST_BODY),
        "head": spec.source,
        "base": spec.target,
    }
    if spec.is_draft:
        payload["draft"] = True
    answer = api.write(
        "POST",
        "pulls",
        operation="open a pull request",
        payload=payload,
        accept={HTTPStatus.UNPROCESSABLE_ENTITY},
    )
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        raise _refused(api, spec, answer)
    return read_pull_request(api.fields("pull request", answer.body, OutcomeUnknown))


def fit_title(title: str) -> str:
    """Return a title in one line that GitHub takes."""
    title = " ".join(title.split())
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def _refused(api: RepositoryApi, spec: PullRequestSpec, answer: Answer) -> ForgeError:
    """Return what a 422 means: GitHub gives the same status for what is there and for what it does not see yet."""
    found = next(between(api, spec.source, spec.target, state="open"), None)
    if found is not None:
        number = found.number("number")
        return AlreadyExists(
            f"Pull request #{number} of {api.repository} leads from {spec.source} to {spec.target} already.",
            number=number,
        )
    if _is_head_unseen(answer.body) or not _has_branch(api, spec.source):
        return NotYetConsistent(
            f"{api.transport.name} does not see the commits of {spec.source} in {api.repository} yet."
        )
    return api.refusal(answer, "open a pull request")


def _is_head_unseen(body: Any) -> bool:
    """Tell whether GitHub calls the branch invalid, or finds no commits on it: so it does right after a push."""
    errors = body.get("errors") if isinstance(body, dict) else None
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            # it has no code for the second one, only words
            has_no_commits = str(error.get("message")).startswith("No commits between ")
            if error.get("field") == "head" or has_no_commits:
                return True
    return False


def _has_branch(api: RepositoryApi, branch: str) -> bool:
    looked = api.get(
        "git",
        "ref",
        f"heads/{branch}",
        operation=f"look for the branch {branch}",
        accept={HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT},
    )
    return looked.status == HTTPStatus.OK
