"""What Pagure's refusals mean: it tells in `error_code`, the status says little.

So 401 is a wrong token as well as a good one that lacks a right, and 400 or 409 may be anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flagstone.forge.errors import (
    AuthenticationFailed,
    EmptyRepository,
    ForgeError,
    MergeConflict,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotFound,
    RefNotFound,
    RepositoryGone,
    ServerError,
)
from flagstone.forge.hosts.rest.refusals import REMEDIES, refusal_of, sentence

_LONGEST_WORDS = 500
_TOKEN = "EINVALIDTOK"  # noqa: S105 - a code, no token
# of all that comes with that code, these two are about the token itself; the same code tells of missing rights
_BAD_TOKENS = ("Invalid token", "Expired token")
_MISSING_RIGHTS = "Missing ACLs: "
_DENIED = (PermissionDenied, "does not let Flagstone's credential do this")
_REFUSED = (PolicyRejected, "refused")
_GONE = (RepositoryGone, "does not have it, or hides it from this credential,")
_BY_CODE: Mapping[str, tuple[type[ForgeError], str]] = {
    "ENOPROJECT": _GONE,
    "ENOUSER": _GONE,
    "ENOGROUP": _GONE,
    "ENOREQ": (PullRequestNotFound, "has no such pull request"),
    "ENOCOMMIT": (RefNotFound, "does not have that commit"),
    "EBRANCHNOTFOUND": (RefNotFound, "does not have that branch"),
    "EEMPTYGIT": (EmptyRepository, "has no commit there"),
    "EPRCONFLICTS": (MergeConflict, "refused"),
    # the transaction was undone
    "EDBERROR": (ServerError, "failed"),
    "EGITERROR": (ServerError, "failed"),
    "ENOTHIGHENOUGH": _DENIED,
    "ENOPRCLOSE": _DENIED,
    "EPRNOTALLOWED": _DENIED,
    "EUBLOCKED": _DENIED,
    "EMODIFYPROJECTNOTALLOWED": _DENIED,
    "ENEWPROJECTDISABLED": _DENIED,
    "ENEWPROJECTFORBIDDEN": _DENIED,
    "EPULLREQUESTSDISABLED": _REFUSED,
    "EPRSCORE": _REFUSED,
    "ENOTASSIGNED": _REFUSED,
    "ENOTASSIGNEE": _REFUSED,
    "ENOSIGNEDOFF": _REFUSED,
    "EINVALIDREQ": _REFUSED,
    "ENOCODE": _REFUSED,
}


def pagure_refusal_of(
    name: str, operation: str, status: int, headers: Mapping[str, str], body: Any
) -> ForgeError:
    """Return the error of an answer that is no success, as `refusal_of` does."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # a proxy may say so with whatever Pagure said
        return refusal_of(name, operation, status, headers, body)
    code = body.get("error_code") if isinstance(body, dict) else None
    if code == _TOKEN:
        return _of_token(name, operation, status, body.get("errors"))
    if not isinstance(code, str) or code not in _BY_CODE:
        return refusal_of(name, operation, status, headers, body)
    kind, what = _BY_CODE[code]
    said = _words_of(body)
    return kind(
        f"{name} {what} when asked to {operation}. It said: {sentence(said)}{REMEDIES.get(kind, '')}",
        status=status,
    )


def _of_token(name: str, operation: str, status: int, details: Any) -> ForgeError:
    """Tell a token that is not accepted from a good one that may not do this."""
    if details in _BAD_TOKENS:
        return AuthenticationFailed(
            f"{name} does not accept Flagstone's credential when asked to {operation}: {details}. Give "
            "Flagstone a new one.",
            status=status,
        )
    if isinstance(details, str) and details.startswith(_MISSING_RIGHTS):
        needed = details.removeprefix(_MISSING_RIGHTS)[:_LONGEST_WORDS]
        return PermissionDenied(
            f"{name} does not let Flagstone's credential {operation}: it lacks the right {needed}. "
            "Make one that has it, and give it to Flagstone.",
            status=status,
            needed=needed,
        )
    return PermissionDenied(
        f"{name} lets no credential of this kind {operation}: it takes one that belongs to another "
        "repository, or to this one alone.",
        status=status,
    )


def _words_of(body: Mapping[str, Any]) -> str:
    """Return what it says, and of which field: `errors` is a text, or texts by field."""
    found = body.get("error")
    texts = [found if isinstance(found, str) else ""]
    details = body.get("errors")
    if isinstance(details, dict):
        texts += [f"{field}: {_joined(words)}" for field, words in details.items()]
    elif details:
        texts.append(_joined(details))
    return "; ".join(text for text in texts if text)[:_LONGEST_WORDS]


def _joined(words: Any) -> str:
    return " ".join(map(str, words)) if isinstance(words, list) else str(words)
