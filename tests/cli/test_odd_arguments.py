"""Bytes that are no UTF-8 come to Python as halves of characters; no database and no code host takes them."""

from __future__ import annotations

import os

import pytest

ODD = os.fsdecode(b"\xff")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "arguments",
    [
        ("forge", "doctor", ODD, "a/b"),
        ("forge", "discover", "here", "acme", "--as", ODD),
        ("forge", "backfill", f"{ODD}/x"),
    ],
)
def test_a_name_that_is_no_utf_8_is_told_in_a_sentence(run, arguments):
    done = run(*arguments)
    odd = next(each for each in arguments if ODD in each).replace(ODD, "⟨U+DCFF⟩")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"flagstone: {odd} is no name: it is not in UTF-8.\n"
