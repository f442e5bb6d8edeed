"""What strangers write into a pull request spoils at most that one: all others are read, and every page is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.forge import pipeline
from flagstone.forge.hosts.base import PullRequestSpec
from flagstone.forge.models import PullRequest, Repository
from flagstone.forge.people import BOT_ACCOUNT
from tests.forge.remote.worlds import REPO, World, world
from tests.forge.repositories import push_by_hand

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_DAY, LAST_DAY = "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"
Spoiling = Callable[[dict[str, Any]], None]


@pytest.fixture(params=["github", "gitea", "gitlab"])
def far(request: Any, transactional_db: None, tmp_path: Path, monkeypatch: Any) -> Any:
    """Two open pull requests, the first of them spoilt at will."""
    with world(request.param, tmp_path / "far", monkeypatch) as made:
        open_one(made, tmp_path, "one")
        open_one(made, tmp_path, "two")
        yield made


def open_one(far: World, folder: Path, branch: str) -> None:
    (folder / branch).mkdir()
    push_by_hand(far.bare, folder / branch, {f"{branch}.txt": "1\n"}, branch=branch)
    far.forge.create_pull_request(REPO, PullRequestSpec(branch, "", branch, "main", BOT_ACCOUNT))


def spoil(far: World, spoiling: Spoiling) -> Callable[[], None]:
    """Have the code host describe the first pull request otherwise; what is returned ends that."""
    plain = far.server.answer

    def walk(value: Any) -> None:
        inner = value.values() if isinstance(value, dict) else value
        for each in inner if isinstance(value, dict | list) else ():
            walk(each)
        is_pull = isinstance(value, dict) and (
            "source_branch" in value or {"head", "base"} <= value.keys()
        )
        if is_pull and value.get("iid", value.get("number")) == 1:
            spoiling(value)

    def answer(request: Any) -> Any:
        reply = plain(request)
        walk(reply.body)
        return reply

    def mend() -> None:
        far.server.answer = plain

    far.server.answer = answer
    return mend


def recorded() -> list[int]:
    return sorted(PullRequest.objects.values_list("number", flat=True))


def require_pages(client: Client, member: User) -> None:
    client.force_login(member)
    for address in ("/pulls", "/pulls?state=all", "/api/v1/pull-requests"):
        assert client.get(address, follow=True).status_code == 200


@pytest.mark.parametrize("moment", [FIRST_DAY, LAST_DAY])
@pytest.mark.parametrize("key", ["created_at", "updated_at"])
def test_an_absurd_moment_keeps_out_its_own_pull_request_alone(
    far: World, client: Client, member: User, key: str, moment: str
) -> None:
    spoil(far, lambda pull: pull.update({key: moment}))
    assert pipeline.sync_repository(far.repository.pk) is None
    assert recorded() == [2]
    assert Repository.objects.get().problem == ""
    require_pages(client, member)


def test_a_change_still_to_come_hides_no_later_one(far: World, tmp_path: Path) -> None:
    mend = spoil(far, lambda pull: pull.update(updated_at="2999-12-31T00:00:00Z"))
    second = far.forge.get_pull_request(REPO, 2)
    pipeline.sync_repository(far.repository.pk)
    assert recorded() == [1, 2]
    assert Repository.objects.get().pulls_seen_until == second.updated_at
    mend()
    open_one(far, tmp_path, "three")
    pipeline.sync_repository(far.repository.pk)
    assert recorded() == [1, 2, 3]


def test_a_change_still_to_come_keeps_out_no_correction(far: World) -> None:
    mend = spoil(far, lambda pull: pull.update(updated_at="2999-12-31T00:00:00Z"))
    pipeline.sync_repository(far.repository.pk)
    mend()
    far.forge.update_pull_request(REPO, 1, title="Corrected")
    pipeline.sync_repository(far.repository.pk)
    assert PullRequest.objects.get(number=1).title == "Corrected"


def test_a_look_that_was_led_ahead_of_now_begins_anew(far: World) -> None:
    Repository.objects.update(pulls_seen_until=datetime(9999, 12, 31, tzinfo=UTC))
    pipeline.sync_repository(far.repository.pk)
    assert recorded() == [1, 2]


def test_a_text_that_no_database_takes_is_shown_as_far_as_it_can_be(
    far: World, client: Client, member: User
) -> None:
    by = {
        "login": "e\0\ud800",
        "username": "e\0\ud800",
        "id": 1,
        "name": "\udfff",
        "full_name": "\udfff",
    }
    spoil(far, lambda pull: pull.update(title="a\ud800b\0", user=by, author=by))
    assert pipeline.sync_repository(far.repository.pk) is None
    assert recorded() == [1, 2]
    row = PullRequest.objects.get(number=1)
    assert (row.title, row.author_login) == ("a\ufffdb\ufffd", "e\ufffd\ufffd")
    require_pages(client, member)
