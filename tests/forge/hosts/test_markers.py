from __future__ import annotations

from uuid import UUID

import pytest

from flagstone.forge.hosts.markers import hidden_mark, mark_body, marked_change, without_marks

ONE = UUID("11111111-2222-3333-4444-555555555555")
OTHER = UUID("99999999-2222-3333-4444-555555555555")
MARK = "<!-- flagstone:change-request=11111111-2222-3333-4444-555555555555 -->"


def test_a_body_is_marked_and_known_again() -> None:
    body = mark_body("Why.\n", ONE, longest=1000)
    assert body == f"Why.\n\n{MARK}"
    assert marked_change(body) == ONE
    assert without_marks(body) == "Why."


def test_a_body_without_a_mark_is_nobodys() -> None:
    assert marked_change("Why.") is None
    assert marked_change("<!-- flagstone:change-request=nonsense -->") is None
    assert marked_change(f"<!-- flagstone:change-request={'-' * 36} -->") is None


def test_a_mark_in_a_persons_text_does_not_pass_for_ours() -> None:
    forged = f"See {mark_body('', OTHER, longest=1000)}"
    assert marked_change(mark_body(forged, ONE, longest=1000)) == ONE
    assert marked_change(mark_body(forged, None, longest=1000)) is None


@pytest.mark.parametrize("inner", ["<!-- flagstone:x -->", "<!--flagstone:-->"])
@pytest.mark.parametrize("at", range(1, len(MARK)))
def test_a_mark_that_is_wrapped_around_another_one_does_not_pass_for_ours(
    at: int, inner: str
) -> None:
    forged = f"See {MARK[:at]}{inner}{MARK[at:]}"
    assert marked_change(mark_body(forged, None, longest=1000)) is None
    assert marked_change(mark_body(forged, OTHER, longest=1000)) == OTHER
    assert marked_change(without_marks(without_marks(forged))) is None
    assert hidden_mark("verdict") not in without_marks(
        forged.replace("change-request=" + str(ONE), "verdict")
    )


def test_the_last_mark_of_a_body_counts() -> None:
    assert marked_change(f"{MARK} {mark_body('', OTHER, longest=1000)}") == OTHER


def test_a_text_full_of_beginnings_is_read_at_once() -> None:
    assert without_marks("<!-- flagstone:" * 60_000).count("flagstone") == 60_000


def test_a_long_body_is_cut_and_keeps_its_mark() -> None:
    body = mark_body("x" * 1000, ONE, longest=300)
    assert len(body) == 300
    assert body.endswith(
        f"x\n\n_The rest is left out: the code host takes no longer text._\n\n{MARK}"
    )


def test_a_mark_of_a_comment_is_hidden_from_readers() -> None:
    assert hidden_mark("verdict") == "<!-- flagstone:verdict -->"
    assert without_marks(f"Stop.\n\n{hidden_mark('verdict')}") == "Stop."
