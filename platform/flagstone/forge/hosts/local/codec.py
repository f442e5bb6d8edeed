"""A pull request as JSON and back."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flagstone.forge.hosts.base import (
    Account,
    Comment,
    CommitStatus,
    MergeResult,
    PullRequest,
    PullRequestState,
    Review,
    StatusState,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Record:
    """A pull request as it is stored.

    Attributes:
        pull_request: As everybody sees it.
        pending: A merge that was begun; whether it was done, the target branch tells.
    """

    pull_request: PullRequest
    pending: MergeResult | None = None


def encode_record(record: Record) -> bytes:
    """Write a record as JSON that people can read."""
    return _encode(dataclasses.asdict(record))


def decode_record(text: bytes) -> Record:
    """Read a record.

    Raises:
        ValueError, KeyError, TypeError: It is not one.
    """
    data = json.loads(text)
    fields = data["pull_request"]
    pull_request = PullRequest(
        **{
            **fields,
            "state": PullRequestState(fields["state"]),
            "author": Account(**fields["author"]),
            "closed_by": Account(**fields["closed_by"]) if fields["closed_by"] else None,
            "labels": tuple(fields["labels"]),
            "reviews": tuple(_review(review) for review in fields["reviews"]),
            "comments": tuple(_comment(comment) for comment in fields["comments"]),
            **{name: _time(value) for name, value in fields.items() if name.endswith("_at")},
        }
    )
    return Record(pull_request, MergeResult(**data["pending"]) if data["pending"] else None)


def encode_statuses(statuses: dict[str, CommitStatus]) -> bytes:
    return _encode({context: dataclasses.asdict(status) for context, status in statuses.items()})


def decode_statuses(text: bytes) -> dict[str, CommitStatus]:
    return {
        context: CommitStatus(
            **{**fields, "state": StatusState(fields["state"]), "at": _moment(fields["at"])}
        )
        for context, fields in json.loads(text).items()
    }


def _encode(data: dict[str, Any]) -> bytes:
    text = json.dumps(data, default=datetime.isoformat, ensure_ascii=False, indent=1)
    return text.encode() + b"\n"


def _review(fields: dict[str, Any]) -> Review:
    return Review(
        **{
            **fields,
            "by": Account(**fields["by"]),
            "verdict": Verdict(fields["verdict"]),
            "at": _moment(fields["at"]),
        }
    )


def _comment(fields: dict[str, Any]) -> Comment:
    return Comment(
        **{
            **fields,
            "by": Account(**fields["by"]),
            "at": _moment(fields["at"]),
            "edited_at": _time(fields["edited_at"]),
        }
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time(text: str | None) -> datetime | None:
    return _moment(text) if text else None
