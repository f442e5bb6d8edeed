"""Whatever ends an attempt is written down, waited out, and told; an open pull request stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import DataError, OperationalError
from django.utils import timezone

from flagstone.forge import pipeline
from flagstone.forge.credentials import keep_secret
from flagstone.forge.errors import PolicyRejected, Retryable, Unexpected
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest, SecretPurpose
from flagstone.forge.pipeline import shipping
from flagstone.forge.pipeline.shipping import MOST_ATTEMPTS


def reloaded(change: ChangeRequest) -> ChangeRequest:
    return ChangeRequest.objects.get(pk=change.pk)


def ship_when_due(change: ChangeRequest) -> PullRequest | None:
    with time_machine.travel(reloaded(change).not_before + timedelta(seconds=1)):
        return pipeline.ship(change.pk)


def raising(error: BaseException) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_a_wrong_sealing_key_is_told_and_waited_out(change: ChangeRequest, settings: Any) -> None:
    keep_secret(change.repository.host, SecretPurpose.SIGNING_KEY, "a key")
    right = settings.FLAGSTONE_SEALING_KEYS
    settings.FLAGSTONE_SEALING_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Retryable, match="Put its key back into FLAGSTONE_SEALING_KEYS"):
        pipeline.ship(change.pk)
    row = reloaded(change)
    assert (row.state, row.attempts, row.error_code) == ("requested", 1, "seal.broken")
    assert row.last_error.startswith("Stored secrets cannot be opened with the 1 sealing key that")
    assert 3 < (row.not_before - timezone.now()).total_seconds() <= 6
    settings.FLAGSTONE_SEALING_KEYS = right
    change.repository.host.secrets.all().delete()
    assert ship_when_due(change)


@pytest.mark.parametrize(
    "error", [ValueError("no\0 good"), DataError("value too long\nDETAIL: x"), KeyError()]
)
def test_what_nobody_foresaw_is_written_down_and_tried_again(
    change: ChangeRequest, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(GitWorkspace, "build_commit", raising(error))
    reason = {
        "ValueError": "no⟨U+0000⟩ good",
        "DataError": "value too long",
        "KeyError": "no reason given",
    }
    name = type(error).__name__
    with pytest.raises(Unexpected) as caught:
        pipeline.ship(change.pk)
    assert caught.value.__cause__ is error
    row = reloaded(change)
    assert (row.state, row.attempts, row.error_code) == ("requested", 1, "forge.unexpected")
    assert row.last_error == (
        f"An error that nobody foresaw ended the attempt ({name}: {reason[name]}). If trying "
        "again does not help, look into the worker's log."
    )
    assert 3 < (row.not_before - timezone.now()).total_seconds() <= 6
    monkeypatch.undo()
    assert ship_when_due(change)


def test_what_nobody_foresaw_ends_after_as_many_attempts(
    change: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GitWorkspace, "build_commit", raising(ValueError("no")))
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Unexpected):
            ship_when_due(change)
    assert (reloaded(change).state, reloaded(change).error_code) == ("failed", "forge.unexpected")


def test_without_the_database_there_is_nowhere_to_write_it_down(
    change: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GitWorkspace, "build_commit", raising(OperationalError("gone")))
    with pytest.raises(OperationalError, match="gone"):
        pipeline.ship(change.pk)
    assert (reloaded(change).attempts, reloaded(change).last_error) == (1, "")


def test_a_refusal_with_bytes_that_no_column_takes_is_written_down(
    change: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GitWorkspace, "push", raising(PolicyRejected("a\0b\udcffc")))
    with pytest.raises(PolicyRejected):
        pipeline.ship(change.pk)
    assert (reloaded(change).state, reloaded(change).last_error) == (
        "failed",
        "a⟨U+0000⟩b⟨U+DCFF⟩c",
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("no")])
def test_a_pull_request_that_cannot_be_decorated_stands(
    change: ChangeRequest, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(shipping, "decorate", raising(error))
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises((KeyboardInterrupt, Unexpected)):
            ship_when_due(change)
    pull_request = ship_when_due(change)
    row = reloaded(change)
    assert (row.state, row.pull_request, row.last_error) == (ChangeState.OPENED, pull_request, "")
    [warning] = row.warnings
    reasons = {
        "KeyboardInterrupt": "10 attempts did not finish it. Labels or reviewers may be missing: add them at the code "
        "host.",
        "ValueError": "An error that nobody foresaw ended the attempt (ValueError: no). If trying again does "
        "not help, look into the worker's log.",
    }
    assert warning == reasons[type(error).__name__]
