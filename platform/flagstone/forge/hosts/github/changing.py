"""Changes pull requests: their words, whether they are drafts, and their end."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import Any

from flagstone.forge.errors import (
    ForgeError,
    HeadMoved,
    MergeConflict,
    NotYetConsistent,
    OutcomeUnknown,
    PullRequestNotOpen,
    StaleLease,
)
from flagstone.forge.hosts.base import MergeMethod, MergeResult, PullRequest, PullRequestState
from flagstone.forge.hosts.github.api import RepositoryApi
from flagstone.forge.hosts.github.codec import read_state
from flagstone.forge.hosts.github.drafts import set_draft
from flagstone.forge.hosts.github.finding import get_fields, get_pull_request
from flagstone.forge.hosts.github.opening import LONGEST_BODY, fit_title
from flagstone.forge.hosts.markers import mark_body, marked_change
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.transport import Answer


def update_pull_request(
    api: RepositoryApi, number: int, *, title: str | None, body: str | None, is_draft: bool | None
) -> PullRequest:
    """Change a pull request's words and whether it is a draft; the mark in its body stays."""
    before = get_fields(api, number)
    old_title, old_body = before.text("title"), before.text("body", "")
    payload: dict[str, Any] = {}
    if title is not None and fit_title(title) != old_title:
        payload["title"] = fit_title(title)
    if body is not None:
        marked = mark_body(body, marked_change(old_body), longest=LONGEST_BODY)
        payload |= {"body": marked} if marked != old_body else {}
    changes_draft = is_draft is not None and is_draft != before.flag("draft", default=False)
    if changes_draft:
        _require_open(before)
    if payload:
        operation = f"change pull request #{number}"
        api.write("PATCH", "pulls", number, operation=operation, payload=payload)
    if changes_draft:
        set_draft(api, number, node=before.text("node_id"), is_draft=bool(is_draft))
    return get_pull_request(api, number)


def close_pull_request(api: RepositoryApi, number: int) -> PullRequest:
    """Close a pull request without a merge; closing it again is fine.

    Raises:
        PullRequestNotOpen: It was merged.
    """
    before = get_fields(api, number)
    if read_state(before) is PullRequestState.MERGED:
        _require_open(before)
    if read_state(before) is PullRequestState.OPEN:
        operation = f"close pull request #{number}"
        api.write("PATCH", "pulls", number, operation=operation, payload={"state": "closed"})
    return get_pull_request(api, number)


def merge_pull_request(
    api: RepositoryApi, number: int, *, expected_head: str, method: MergeMethod
) -> MergeResult:
    """Merge one head; see `Forge.merge_pull_request`."""
    answer = api.write(
        "PUT",
        "pulls",
        number,
        "merge",
        operation=_merging(number),
        payload={"sha": expected_head, "merge_method": method.value},
        accept={HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.CONFLICT},
    )
    if answer.status == HTTPStatus.OK:
        merge = api.fields("merge", answer.body, OutcomeUnknown).text("sha")
    else:
        merge = _merged_before(api, number, expected_head, answer)
    return MergeResult(merge=merge, head=expected_head, base=_first_parent(api, merge))


def _merged_before(api: RepositoryApi, number: int, expected_head: str, answer: Answer) -> str:
    """Return the merge that was made before; otherwise say why there is none."""
    now = get_fields(api, number)
    head = now.inner("head").text("sha")
    if read_state(now) is PullRequestState.MERGED and head == expected_head:
        return now.text("merge_commit_sha")
    _require_open(now)
    if head != expected_head:
        raise HeadMoved(
            f"Pull request #{number} of {api.repository} has new commits ({head[:12]}). Look at them, then "
            "merge again.",
            number=number,
            head=head,
        )
    raise _why_unmerged(api, number, now, answer)


def _why_unmerged(api: RepositoryApi, number: int, now: Fields, answer: Answer) -> ForgeError:
    if answer.status == HTTPStatus.CONFLICT:
        target = now.inner("base").text("ref")
        return StaleLease(f"{target} of {api.repository} moved while #{number} was merged.")
    if now.values.get("mergeable") is None:
        return NotYetConsistent(
            f"{api.transport.name} has not found out yet whether pull request #{number} can be merged."
        )
    if now.flag("mergeable"):
        return api.refusal(answer, _merging(number))
    return MergeConflict(
        f"Pull request #{number} of {api.repository} does not go together with its target branch. "
        "Bring its branch up to date first.",
        number=number,
    )


def _merging(number: int) -> str:
    return f"merge pull request #{number}"


def _first_parent(api: RepositoryApi, merge: str) -> str:
    """Return where the target branch stood before a merge; "" if that cannot be read: the merge is done."""
    with contextlib.suppress(ForgeError):
        read = api.get("git", "commits", merge, operation="read the merge")
        parents = api.fields("commit", read.body).each("parents")
        return next((parent.text("sha") for parent in parents), "")
    return ""


def _require_open(fields: Fields) -> None:
    state, number = read_state(fields), fields.number("number")
    if state is not PullRequestState.OPEN:
        raise PullRequestNotOpen(
            f"Pull request #{number} is {state.value} already.", number=number, state=state.value
        )
