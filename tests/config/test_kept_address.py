"""The address of a running Flagstone, as commands in another shell find it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from flagstone.config.runtime import kept_address

_SHOW = "from flagstone.config import settings; print(settings.FLAGSTONE_URL)"


@pytest.mark.parametrize(
    ("kept", "given", "expected"),
    [
        ("", "", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8410", "", "http://127.0.0.1:8410"),
        (
            "http://127.0.0.1:8410",
            "https://flagstone.example.com/",
            "https://flagstone.example.com",
        ),
        ("gibberish", "", "http://127.0.0.1:8000"),
    ],
)
def test_a_command_takes_the_address_that_was_given_then_the_kept_one(
    tmp_path, kept, given, expected
):
    if kept:
        kept_address.keep(tmp_path, kept)
    environment = os.environ | {"FLAGSTONE_HOME": str(tmp_path), "FLAGSTONE_URL": given}
    done = subprocess.run(
        [sys.executable, "-c", _SHOW], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{expected}\n"
