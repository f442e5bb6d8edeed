"""The audit chain: every change of state is an entry that carries the hash of the one before.

Changing, removing or inserting an entry breaks the chain at that place, and `verify` names it. Cutting off its end
breaks nothing, so an auditor keeps an anchor outside: the number and hash of an entry, which must still be there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from flagstone.core.models import AuditEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

GENESIS = "0" * 64
SYSTEM = "flagstone"
# one writer at a time: a chain has one end. Held until the surrounding transaction ends.
CHAIN_LOCK = 0x466C6167


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an auditor kept of the chain: the number of an entry, and its hash in hexadecimal."""

    sequence: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Read `NUMBER:HASH`; anything else is a ValueError with a sentence."""
        number, colon, digest = text.strip().partition(":")
        if not colon or not re.fullmatch(r"[0-9]{1,18}", number):
            raise ValueError(
                f"{text!r} is not an anchor: it is NUMBER:HASH, as `audit head` prints it"
            )
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError(f"{text!r} is not an anchor: its hash must be 64 hexadecimal digits")
        return cls(int(number), digest)

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the chain found; `broken_at` is the sequence number of the first bad entry."""

    entries: int
    head: str
    broken_at: int | None = None
    reason: str = ""

    @property
    def anchor(self) -> Anchor:
        """The last entry that holds, to be kept outside of the database."""
        return Anchor(self.entries, self.head)

    @property
    def holds(self) -> bool:
        return self.broken_at is None


def record(
    *, actor: AbstractUser | None, action: str, subject: str, data: dict[str, Any] | None = None
) -> AuditEntry:
    """Append one entry; call it inside the transaction of the change that it tells of.

    Args:
        actor: Who did it; None for Flagstone itself.
        action: `<app>.<what happened>`.
        subject: Reference of the thing it was done to.
        data: JSON-serialisable details, without secrets.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
        last = AuditEntry.objects.order_by("-sequence").only("sequence", "hash").first()
        entry = AuditEntry(
            sequence=last.sequence + 1 if last else 1,
            at=timezone.now(),
            actor=actor.get_username() if actor else SYSTEM,
            action=action,
            subject=subject,
            data=data or {},
            previous_hash=last.hash if last else GENESIS,
        )
        entry.hash = entry_hash(entry)
        entry.save(force_insert=True)
    return entry


def entry_hash(entry: AuditEntry) -> str:
    """Return the hash that an entry must carry: SHA-256 over its canonical JSON, hexadecimal."""
    return hashlib.sha256(_canonical(entry)).hexdigest()


def verify(entries: Iterable[AuditEntry] | None = None, *, anchor: Anchor | None = None) -> Verdict:
    """Walk the chain from its beginning and name the first entry that does not fit.

    Args:
        entries: In their order; all of the database without it.
        anchor: An entry that was there once: without it nobody notices that the end was cut off.
    """
    if entries is None:
        entries = AuditEntry.objects.order_by("sequence").iterator(chunk_size=2000)
    count, head = 0, GENESIS
    for entry in entries:
        reason = _fault(entry, expected_sequence=count + 1, expected_previous=head)
        if not reason and anchor and (entry.sequence, entry.hash) == (anchor.sequence, anchor.hash):
            anchor = None
        elif not reason and anchor and entry.sequence == anchor.sequence:
            reason = "it is not the entry that the anchor was taken of: the chain was written anew"
        if reason:
            return Verdict(entries=count, head=head, broken_at=entry.sequence, reason=reason)
        count, head = count + 1, entry.hash
    if anchor and anchor.sequence > 0:
        reason = f"the end is cut off: the anchor is of entry {anchor.sequence}, which is not there"
        return Verdict(entries=count, head=head, broken_at=count + 1, reason=reason)
    return Verdict(entries=count, head=head)


def _fault(entry: AuditEntry, *, expected_sequence: int, expected_previous: str) -> str:
    if entry.sequence != expected_sequence:
        return f"entry {expected_sequence} is missing"
    if entry.previous_hash != expected_previous:
        return "it does not continue the entry before it"
    if entry.hash != entry_hash(entry):
        return "its content was changed after it was written"
    return ""


def _canonical(entry: AuditEntry) -> bytes:
    at: datetime = entry.at.astimezone(UTC)
    return json.dumps(
        {
            "sequence": entry.sequence,
            "at": at.isoformat(timespec="microseconds"),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "data": entry.data,
            "previous_hash": entry.previous_hash,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()
