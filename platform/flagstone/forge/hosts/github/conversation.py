"""Comments, labels and reviewers of a pull request."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flagstone.forge.errors import (
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    ReviewersRefused,
)
from flagstone.forge.hosts.base import Account, Comment, PullRequest
from flagstone.forge.hosts.github.api import RepositoryApi
from flagstone.forge.hosts.github.codec import read_comment
from flagstone.forge.hosts.github.finding import get_fields, get_pull_request
from flagstone.forge.hosts.github.opening import LONGEST_BODY
from flagstone.forge.hosts.rest.comments import comment_text


def upsert_comment(
    api: RepositoryApi,
    number: int,
    *,
    by: Account,
    body: str,
    marker: str,
    own_login: Callable[[], str],
) -> Comment:
    """Write a comment, or rewrite our own one that carries the marker; see `Forge.upsert_comment`.

    Args:
        api: Of the repository.
        number: Of the pull request.
        by: Who says it.
        body: Markdown.
        marker: By which it is found again, or "".
        own_login: Asked for our account where a comment carries the marker: who quotes us writes it as well,
            and our rights may be enough to change what others said.
    """
    text = comment_text(by, body, marker, longest=LONGEST_BODY)
    marked = _marked(api, number, marker)
    own = own_login() if marked else ""
    for comment in marked:
        if comment.by.login == own:
            return comment if comment.body == text else _rewrite(api, comment.number, text)
    operation = f"comment on pull request #{number}"
    answer = api.write(
        "POST", "issues", number, "comments", operation=operation, payload={"body": text}
    )
    return read_comment(api.fields("comment", answer.body, OutcomeUnknown))


def _marked(api: RepositoryApi, number: int, marker: str) -> list[Comment]:
    if not marker:
        return []
    operation = f"read the comments of pull request #{number}"
    pages = api.pages("issues", number, "comments", operation=operation, what="comment")
    comments = (read_comment(fields) for fields in pages)
    return [comment for comment in comments if marker in comment.body]


def _rewrite(api: RepositoryApi, comment: int, text: str) -> Comment:
    operation = f"change the comment {comment}"
    payload = {"body": text}
    answer = api.write("PATCH", "issues", "comments", comment, operation=operation, payload=payload)
    return read_comment(api.fields("comment", answer.body, OutcomeUnknown))


def set_labels(api: RepositoryApi, number: int, labels: tuple[str, ...]) -> PullRequest:
    """Replace the labels; GitHub makes those that are missing."""
    operation = f"label pull request #{number}"
    answer = api.write(
        "PUT",
        "issues",
        number,
        "labels",
        operation=operation,
        payload={"labels": sorted(set(labels))},
        accept={HTTPStatus.NOT_FOUND},
    )
    if answer.status == HTTPStatus.NOT_FOUND:
        get_fields(api, number)
        raise PermissionDenied(
            f"{api.transport.name} does not let Flagstone's credential {operation} in {api.repository}. It needs "
            "to write pull requests there.",
            number=number,
        )
    return get_pull_request(api, number)


def request_reviewers(api: RepositoryApi, number: int, logins: tuple[str, ...]) -> None:
    """Ask all at once; GitHub refuses all for one, so then each is asked alone."""
    logins = tuple(dict.fromkeys(logins))
    if not logins:
        return
    try:
        _ask(api, number, *logins)
    except PolicyRejected as error:
        refused = {logins[0]: error} if len(logins) == 1 else _ask_each(api, number, logins)
        if refused:
            reasons = {each.message.partition(" It said: ")[2] for each in refused.values()}
            raise ReviewersRefused(
                f"{', '.join(refused)} cannot review pull request #{number} of {api.repository}: "
                f"{' '.join(sorted(filter(None, reasons))) or 'no reason was given'}",
                refused=list(refused),
            ) from error


def _ask_each(
    api: RepositoryApi, number: int, logins: tuple[str, ...]
) -> dict[str, PolicyRejected]:
    refused = {}
    for login in logins:
        try:
            _ask(api, number, login)
        except PolicyRejected as error:
            refused[login] = error
    return refused


def _ask(api: RepositoryApi, number: int, *logins: str) -> None:
    names = ", ".join(logins)
    api.write(
        "POST",
        "pulls",
        number,
        "requested_reviewers",
        operation=f"ask {names} to review pull request #{number}",
        payload={"reviewers": list(logins)},
    )
