"""A list of pull requests is read though a moment in it cannot be, and not where it is something else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import ServerError
from flagstone.forge.hosts.base import PullRequestTouch
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.touches import readable_touches

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FINE: dict[str, Any] = {"number": 7, "at": "2026-03-02T12:00:00Z"}
ODD: dict[str, Any] = {"number": 8, "at": "9999-12-31T23:59:59-10:00"}


def touch_of(fields: Fields) -> PullRequestTouch:
    return PullRequestTouch(fields.number("number"), fields.moment("at"))


def read(*listed: dict[str, Any]) -> list[PullRequestTouch]:
    pulls = (Fields("forge.example", "pull request", each) for each in listed)
    return list(readable_touches(pulls, touch_of))


def test_one_at_an_impossible_moment_is_passed_over_and_told(caplog: Any) -> None:
    assert read(ODD, FINE, *[ODD] * 5, FINE) == [PullRequestTouch(7, NOON)] * 2
    assert caplog.messages[0] == (
        "a pull request is passed over: forge.example described a pull request without a usable “at”."
    )


@pytest.mark.parametrize("nonsense", [{"number": 8}, {"number": 8, "at": []}, {"at": FINE["at"]}])
def test_what_is_no_list_of_pull_requests_is_an_error(nonsense: dict[str, Any]) -> None:
    with pytest.raises(ServerError, match="described a pull request without a usable"):
        read(FINE, nonsense)
