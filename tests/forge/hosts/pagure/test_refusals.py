from __future__ import annotations

from typing import Any

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    MergeConflict,
    Permanent,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotFound,
    QuotaExceeded,
    RateLimited,
    RefNotFound,
    RepositoryGone,
    ServerError,
)
from flagstone.forge.hosts.pagure.refusals import pagure_refusal_of


def refusal(status: int, body: Any, headers: dict[str, str] | None = None) -> Any:
    return pagure_refusal_of("pagure.example", "do it", status, headers or {}, body)


def told(code: str, errors: Any = None) -> dict[str, Any]:
    return {"error": "Some words", "error_code": code, **({"errors": errors} if errors else {})}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, told("EINVALIDTOK", "Invalid token"), AuthenticationFailed),
        (401, told("EINVALIDTOK", "Expired token"), AuthenticationFailed),
        (401, told("EINVALIDTOK", "Missing ACLs: commit_flag"), PermissionDenied),
        (401, told("EINVALIDTOK"), PermissionDenied),
        (401, told("EINVALIDTOK", ["odd"]), PermissionDenied),
        (401, told("ENOTHIGHENOUGH"), PermissionDenied),
        (403, told("EUBLOCKED"), PermissionDenied),
        (403, told("EPRSCORE"), PolicyRejected),
        (404, told("ENOPROJECT"), RepositoryGone),
        (404, told("ENOREQ"), PullRequestNotFound),
        (404, told("ENOCOMMIT"), RefNotFound),
        (400, told("EINVALIDREQ"), PolicyRejected),
        (400, told("EDBERROR"), ServerError),
        (409, told("EPRCONFLICTS"), MergeConflict),
        # what did not come from Pagure itself, or is new there
        (401, None, AuthenticationFailed),
        (404, None, RepositoryGone),
        (413, None, QuotaExceeded),
        (400, told("ESOMETHINGNEW"), Permanent),
        (400, {"error_code": ["ENOREQ"]}, Permanent),
        (403, [], PermissionDenied),
    ],
)  # fmt: skip
def test_the_code_decides_and_the_status_where_there_is_none(
    status: int, body: Any, kind: type[Exception]
) -> None:
    error = refusal(status, body)
    assert type(error) is kind
    assert "pagure.example" in error.message
    assert "do it" in error.message


def test_rows_21_and_22_a_limit_before_it_is_told_from_a_missing_right() -> None:
    limited = refusal(403, None, {"retry-after": "30"})
    assert (type(limited), limited.retry_after) == (RateLimited, 30.0)
    assert type(refusal(403, told("ENOPRCLOSE"), {"retry-after": "30"})) is PermissionDenied


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ("Branch x does not exist", "Some words; Branch x does not exist."),
        ({"title": ["This field is required.", "Too short."]}, "Some words; title: This field is required. Too short."),
        ({"title": 3}, "Some words; title: 3."),
        (["a", "b"], "Some words; a b."),
    ],
)  # fmt: skip
def test_what_it_says_of_which_field_is_shown(errors: Any, said: str) -> None:
    assert refusal(400, told("EINVALIDREQ", errors)).message.endswith(f"It said: {said}")


def test_a_missing_right_is_named() -> None:
    error = refusal(401, told("EINVALIDTOK", "Missing ACLs: pull_request_merge"))
    assert error.params["needed"] == "pull_request_merge"
    assert "lacks the right pull_request_merge" in error.message


def test_patience_is_asked_for_whatever_else_is_said() -> None:
    error = refusal(429, told("EDBERROR"), {"retry-after": "7"})
    assert (type(error), error.retry_after) == (RateLimited, 7.0)
