from __future__ import annotations

import json

import pytest

from flagstone.forge.hosts.base import (
    Comment,
    CommitStatus,
    MergeResult,
    PullRequest,
    PullRequestState,
    Review,
    StatusState,
    Verdict,
)
from flagstone.forge.hosts.local.codec import (
    Record,
    decode_record,
    decode_statuses,
    encode_record,
    encode_statuses,
)
from tests.forge.hosts.local.conftest import BOT, LEO, MIA
from tests.forge.repositories import NOON

FULL = PullRequest(
    number=7,
    title="Zürich ☕",
    body="x\ny",
    source="flagstone/x-1",
    target="main",
    author=MIA,
    state=PullRequestState.MERGED,
    is_draft=False,
    labels=("a", "b"),
    head="1" * 40,
    base="2" * 40,
    opened_at=NOON,
    updated_at=NOON,
    ready_at=NOON,
    first_review_at=NOON,
    approved_at=NOON,
    merged_at=NOON,
    closed_at=NOON,
    merge="3" * 40,
    closed_by=LEO,
    reviews=(Review(LEO, Verdict.APPROVED, "ok", "1" * 40, NOON),),
    comments=(Comment(1, BOT, "hm", NOON), Comment(2, LEO, "ha", NOON, NOON)),
)


@pytest.mark.parametrize("pending", [None, MergeResult("3" * 40, "1" * 40, "2" * 40)])
def test_a_record_comes_back_as_it_was(pending: MergeResult | None) -> None:
    record = Record(FULL, pending)
    assert decode_record(encode_record(record)) == record


def test_a_record_is_readable_by_people() -> None:
    text = encode_record(Record(FULL)).decode()
    assert '"title": "Zürich ☕"' in text
    assert json.loads(text)["pull_request"]["opened_at"] == "2026-03-02T12:00:00+00:00"


def test_statuses_come_back_as_they_were() -> None:
    statuses = {"ci": CommitStatus("ci", StatusState.ERROR, "broke", NOON, "https://x")}
    assert decode_statuses(encode_statuses(statuses)) == statuses


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"pull_request": {"state": "odd"}}'])
def test_what_is_no_record_is_refused(text: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode_record(text)
