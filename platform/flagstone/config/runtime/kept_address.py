"""Where `make up` serves the data of a home: commands in another shell name the address that people see."""

from __future__ import annotations

from pathlib import Path

_NAME = "address"


def keep(home: Path, url: str) -> None:
    """Write down the address of the Flagstone that runs with a home; the last one stays after it stopped."""
    (home / _NAME).write_text(f"{url}\n", encoding="utf-8")


def kept(home: Path) -> str:
    """Return the address that was written down; "" where there is none that can be read."""
    try:
        url = (home / _NAME).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return url if url.startswith(("http://", "https://")) else ""
