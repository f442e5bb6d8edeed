"""ssh keys for the tests, made by ssh-keygen as a person would."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_key(folder: Path, *options: str, passphrase: str = "") -> Path:
    """Make a key pair of a kind that the options of ssh-keygen name; return the private one's file."""
    path = folder / f"key-{'-'.join(options).replace('/', '')}{passphrase}"
    subprocess.run(
        ["ssh-keygen", "-q", *options, "-N", passphrase, "-C", "flagstone", "-f", str(path)],
        check=True,
    )
    return path
