"""The scorecards and policies in force: read from their folder, and kept as versions in the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from flagstone.core import audit
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.scorecards.engine import definition
from flagstone.scorecards.models import Scorecard

CRDS = "crds"  # beside `policies`


@dataclass(frozen=True, slots=True)
class Version:
    """A scorecard as it is read, and its row."""

    scorecard: definition.Scorecard
    row: Scorecard


def current() -> tuple[PolicySet, list[Version]]:
    """Return what is in force now; a file that changed becomes a new version first."""
    folder = Path(settings.FLAGSTONE_SCORECARDS_DIR)
    fingerprint = _fingerprint(folder)
    policies, cards = _read(folder, fingerprint)
    return policies, [Version(card, _row(card, source, fingerprint)) for card, source in cards]


def policies() -> PolicySet:
    """Return the policies in force."""
    folder = Path(settings.FLAGSTONE_SCORECARDS_DIR)
    return _read(folder, _fingerprint(folder))[0]


def crds() -> Path | None:
    """Return the folder of CRDs by which objects are judged; None if the organisation has none."""
    folder = Path(settings.FLAGSTONE_SCORECARDS_DIR) / CRDS
    return folder if folder.is_dir() else None


@lru_cache(maxsize=4)
def _read(
    folder: Path, fingerprint: str
) -> tuple[PolicySet, list[tuple[definition.Scorecard, str]]]:
    cards = [
        (definition.load_scorecard(file), file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.yaml"))
    ]
    return PolicySet.load(folder / "policies"), cards


def _row(card: definition.Scorecard, source: str, fingerprint: str) -> Scorecard:
    row = Scorecard.objects.filter(slug=card.name, is_current=True).first()
    if row is not None and row.digest == fingerprint:
        return row
    return _renew(card, source, fingerprint)


@transaction.atomic
def _renew(card: definition.Scorecard, source: str, fingerprint: str) -> Scorecard:
    before = Scorecard.objects.select_for_update().filter(slug=card.name, is_current=True).first()
    if before is not None and before.digest == fingerprint:
        return before
    if before is not None:
        before.is_current = False
        before.save(update_fields=("is_current",))
    row, _ = Scorecard.objects.update_or_create(
        slug=card.name,
        digest=fingerprint,
        defaults={
            "title": card.title,
            "description": card.description,
            "source": source,
            "levels": [{"name": level.name, "title": level.title} for level in card.levels],
            "is_current": True,
        },
    )
    audit.record(
        actor=None,
        action="scorecards.version_loaded",
        subject=f"scorecard:{card.name}",
        data={"digest": fingerprint, "before": before.digest if before else None},
    )
    return row


def _fingerprint(folder: Path) -> str:
    """SHA-256 over every scorecard and policy file, with their names."""
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.yaml"), *folder.glob("policies/**/*.yaml")]):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
