"""The page of settings names every variable that the code reads, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_variable_is_on_the_page():
    read = set()
    for file in (ROOT / "platform" / "flagstone" / "config").rglob("*.py"):
        code = file.read_text(encoding="utf-8")
        read |= set(
            re.findall(
                r"env\.(?:text|boolean|integer|words|path|folder|log_level|secret)\(\s*\"([A-Z_]+)\"",
                code,
            )
        )
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    listed = {
        name
        for line in page.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z_]{4,})`", line.split("|")[1])
    }
    assert read == listed
