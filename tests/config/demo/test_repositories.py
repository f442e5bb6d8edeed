"""Repositories with a past: all of it or none, once, and gone on with after a load that was stopped."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from flagstone.config.demo.rewinding import PastCommit

pytestmark = pytest.mark.django_db(transaction=True)


def _day(number):
    return datetime(2026, 3, number, 9, 30, tzinfo=UTC)


PAST = [
    PastCommit("user:default/ada", "Begin gitops", _day(1), {"README.md": b"1\n", "a": b"1\n"}),
    PastCommit("user:default/leo", "Mend a\n\nIt was broken.", _day(2), {"a": b"2\n", "b": b"1\n"}),
    PastCommit("user:default/ada", "Remove b", _day(4), {"b": None}),
]


@pytest.fixture
def take_on(admin_user, lead):
    from flagstone.config.demo.repositories import take_on
    from flagstone.forge.actions import register_code_host
    from flagstone.forge.models import RepositoryRole

    host = register_code_host(actor=admin_user, name="local")
    people = {user.username: user for user in (admin_user, lead)}
    return lambda past=PAST: take_on(
        admin_user, host, "gitops", "What runs", past, RepositoryRole.GITOPS, people
    )


def _read(repository):
    from flagstone.forge.selectors import read_tree

    return dict(read_tree(repository).files)


def test_the_past_is_there_with_its_dates(take_on):
    from flagstone.forge.selectors import commits_on, read_tree

    repository = take_on()
    found = commits_on(repository, [date(2026, 3, day) for day in range(1, 6)])
    files = [dict(read_tree(repository, ref=found[day]).files) for day in sorted(found)]
    first, second = dict(PAST[0].files), {"README.md": b"1\n", "a": b"2\n", "b": b"1\n"}
    last = {"README.md": b"1\n", "a": b"2\n"}
    assert files == [first, second, second, last, last]
    assert (repository.head_commit, repository.role) == (found[date(2026, 3, 5)], "gitops")


def test_once_taken_on_it_stays_as_it_is(take_on):
    head = take_on().head_commit
    other = [PastCommit("user:default/ada", "Other", _day(1), {"other": b"1\n"})]
    assert take_on(other).head_commit == head
    assert "other" not in _read(take_on(other))


def test_a_load_that_was_stopped_after_the_first_commit_goes_on(take_on, monkeypatch):
    from flagstone.config.demo import repositories
    from flagstone.forge.models import Repository

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(repositories, "_push_all", stop)
        with pytest.raises(KeyboardInterrupt):
            take_on()
    assert not Repository.objects.exists()
    assert _read(take_on()) == {"README.md": b"1\n", "a": b"2\n"}


def test_a_load_that_was_stopped_before_registering_goes_on_without_a_second_past(
    take_on, monkeypatch
):
    from flagstone.config.demo import repositories
    from flagstone.config.demo.repositories import local_forge

    def stop(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(repositories, "register_repository", stop)
        with pytest.raises(KeyboardInterrupt):
            take_on()
    head = local_forge().get_repository("fintech/gitops").head
    assert take_on().head_commit == head


def test_a_push_that_was_made_before_changes_nothing(take_on, admin_user):
    from flagstone.config.demo.repositories import local_forge, push

    repository = take_on()
    push(repository, admin_user, "Again", {"c": b"1\n"}, _day(5))
    head = local_forge().get_repository("fintech/gitops").head
    push(repository, admin_user, "Again", {"c": b"1\n"}, _day(6))
    assert local_forge().get_repository("fintech/gitops").head == head != repository.head_commit
