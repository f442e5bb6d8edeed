from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import OutcomeUnknown, ServerError
from flagstone.forge.hosts.base import PullRequestState, StatusState
from flagstone.forge.hosts.pagure.codec import (
    Standing,
    is_between,
    pull_request_of,
    status_of,
    touch_of,
    webhooks_of,
)
from flagstone.forge.hosts.rest.fields import Fields

NOON = "1772452800.5"
BOT, ADA = {"name": "bot", "fullname": "Bot"}, {"name": "ada", "fullname": "Ada L."}
PULL: dict[str, Any] = {
    "id": 3, "title": "T", "initial_comment": None, "branch": "main", "branch_from": "topic",
    "repo_from": {"url_path": "acme/tools"}, "user": BOT, "status": "Open", "tags": ["b", "a"],
    "date_created": NOON, "updated_on": "1772452900", "last_updated": "1772452800.1", "closed_at": None,
    "closed_by": None, "comments": [], "cached_merge_status": "unknown",
}  # fmt: skip


def fields(values: Any, **more: Any) -> Fields:
    return Fields("pagure.example", "pull request", values, **more)


def read(**changes: Any) -> Any:
    return pull_request_of(fields({**PULL, **changes}), Standing("h", "b"), own="bot")


def comment(by: dict[str, str], at: str, **more: Any) -> dict[str, Any]:
    return {"id": int(at), "comment": "words", "user": by, "date_created": at, **more}


def test_a_pull_request_says_who_when_and_where() -> None:
    pull = read()
    assert (pull.body, pull.source, pull.target, pull.labels) == ("", "topic", "main", ("b", "a"))
    assert (pull.author.login, pull.author.name, pull.author.is_bot) == ("bot", "Bot", True)
    assert pull.opened_at == datetime(2026, 3, 2, 12, 0, 0, 500_000, UTC)
    assert pull.updated_at == datetime(2026, 3, 2, 12, 1, 40, tzinfo=UTC)
    assert (pull.head, pull.base, pull.has_conflict) == ("h", "b", None)


def test_the_first_review_is_by_somebody_else_and_notes_of_the_host_are_none() -> None:
    said = [
        comment(BOT, "1"), comment(ADA, "2", notification=True), comment(ADA, "4"), comment(ADA, "3"),
    ]  # fmt: skip
    pull = read(comments=said)
    assert [each.number for each in pull.comments] == [1, 4, 3]
    assert pull.first_review_at == datetime.fromtimestamp(3, UTC)
    assert read(comments=said, user=ADA).first_review_at is None


@pytest.mark.parametrize(
    ("status", "known", "has_conflict"),
    [
        ("Open", "CONFLICTS", True), ("Open", "MERGE", False), ("Open", "FFORWARD", False),
        ("Open", "odd", None), ("Closed", "CONFLICTS", None), ("Merged", "MERGE", None),
    ],
)  # fmt: skip
def test_row_14_a_conflict_that_it_knows_of_is_told_while_it_is_open(
    status: str, known: str, has_conflict: bool | None
) -> None:
    assert read(status=status, cached_merge_status=known).has_conflict is has_conflict


def test_one_that_was_opened_again_is_not_closed() -> None:
    pull = read(closed_at=NOON, closed_by=ADA)
    assert (pull.state, pull.closed_at, pull.closed_by) == (PullRequestState.OPEN, None, None)


def test_one_from_another_repository_or_another_host_is_not_between_our_branches() -> None:
    for origin in ({"url_path": "fork/ada/acme/tools"}, None):
        other = fields({**PULL, "repo_from": origin})
        assert not is_between(other, "acme/tools", source="topic", target="main")
    assert is_between(fields(PULL), "acme/tools", source="topic", target="main")


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("success", StatusState.SUCCESS), ("failure", StatusState.FAILURE), ("error", StatusState.ERROR),
        ("pending", StatusState.PENDING), ("canceled", StatusState.ERROR), ("own", StatusState.PENDING),
    ],
)  # fmt: skip
def test_a_flag_is_a_status(said: str, state: StatusState) -> None:
    flag = {"username": "ci", "status": said, "comment": "c", "url": "u", "date_created": NOON}
    assert status_of(fields(flag)).state is state


def test_webhooks_may_be_none_at_all() -> None:
    assert webhooks_of(fields({"Web-hooks": None})) == ()
    hooks = webhooks_of(fields({"Web-hooks": " https://a.example \r\n\r\nhttps://b.example"}))
    assert [hook.url for hook in hooks] == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize("key", ["id", "title", "status", "date_created", "user", "branch_from"])
@pytest.mark.parametrize("value", [None, [], {}, "odd"])
def test_row_41_a_description_without_what_is_needed_is_an_error(key: str, value: Any) -> None:
    if isinstance(value, str) and key in {"title", "branch_from"}:
        return
    with pytest.raises(ServerError, match=r"pagure\.example"):
        read(**{key: value})
    with pytest.raises(OutcomeUnknown):
        touch_of(fields({"id": None}, error=OutcomeUnknown))
