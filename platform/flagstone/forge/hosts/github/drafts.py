"""Makes pull requests drafts, or ready: only GitHub's GraphQL API can."""

from __future__ import annotations

from typing import Any

from flagstone.forge.errors import ForgeError, PermissionDenied, PolicyRejected, RateLimited
from flagstone.forge.hosts.github.api import RepositoryApi
from flagstone.forge.hosts.rest.refusals import words_of

_MUTATIONS = {True: "convertPullRequestToDraft", False: "markPullRequestReadyForReview"}
# GitHub: without a header that says how long, wait a minute at least
_WAIT = 60.0


def set_draft(api: RepositoryApi, number: int, *, node: str, is_draft: bool) -> None:
    """Make a pull request a draft, or ready.

    Args:
        api: Of its repository.
        number: Of the pull request.
        node: Its id in GraphQL.
        is_draft: What it shall be.

    Raises:
        PolicyRejected: The repository has no drafts.
        PermissionDenied: The credential may not.
    """
    mutation = _MUTATIONS[is_draft]
    query = (
        f"mutation($id: ID!) {{ {mutation}(input: {{pullRequestId: $id}}) "
        "{ pullRequest { isDraft } } }"
    )
    what = "a draft" if is_draft else "ready for review"
    answer = api.transport.write(
        "POST",
        _graphql(api.transport.base_url),
        operation=f"make pull request #{number} of {api.repository} {what}",
        payload={"query": query, "variables": {"id": node}},
    )
    # GraphQL answers 200 for a refusal too
    if isinstance(answer.body, dict) and answer.body.get("errors"):
        raise _refusal(api, number, what, answer.body)


def _graphql(base_url: str) -> str:
    """Return the address of GraphQL: below `/api` at an Enterprise Server, whose REST API is at `/api/v3`."""
    return f"{base_url.removesuffix('/v3')}/graphql"


def _refusal(api: RepositoryApi, number: int, what: str, body: dict[str, Any]) -> ForgeError:
    errors = body["errors"]
    kinds = {each.get("type") for each in errors if isinstance(each, dict)}
    message = (
        f"{api.transport.name} did not make pull request #{number} of {api.repository} {what}. "
        f"It said: {words_of(body)}"
    )
    if kinds & {"RATE_LIMITED", "RATE_LIMIT"}:
        return RateLimited(message, retry_after=_WAIT)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return PermissionDenied(message)
    return PolicyRejected(message)
