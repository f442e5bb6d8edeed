"""Where the content that a platform team edits lies: in the wheel, or beside the code in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).resolve().parents[1]
PACKAGED = PACKAGE / "_content"
CHECKOUT = PACKAGE.parents[1]


def content_dir(name: Literal["scaffolds", "scorecards"]) -> Path:
    """Return the folder of the default content that ships with Flagstone."""
    packaged = PACKAGED / name
    return packaged if packaged.is_dir() else CHECKOUT / name
