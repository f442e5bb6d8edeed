"""Real data of others, read where it lies and never copied into the project."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def corpus(name: str) -> Path:
    """Return the folder of one corpus, or skip the test and say why."""
    folder = SHARED / "corpora" / name
    if not folder.is_dir():
        pytest.skip(f"the corpus {name!r} is not beside this checkout")
    return folder


def design_example(name: str) -> Path:
    """Return a folder or file of the verified examples, or skip the test and say why."""
    place = SHARED / "design" / "examples" / name
    if not place.exists():
        pytest.skip(f"the design example {name!r} is not beside this checkout")
    return place
