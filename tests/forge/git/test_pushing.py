from __future__ import annotations

import pytest

from flagstone.forge.git.process import Completed
from flagstone.forge.git.pushing import PushOutcome, PushResult, read_push

REF = "a1:refs/heads/x"


@pytest.mark.parametrize(
    ("_case", "status", "line", "stderr", "outcome"),
    [
        ("new", 0, f"*\t{REF}\t[new branch]", "", PushOutcome(PushResult.PUSHED)),
        ("forward", 0, f" \t{REF}\ta..b", "", PushOutcome(PushResult.PUSHED)),
        ("forced", 0, f"+\t{REF}\ta...b (forced update)", "", PushOutcome(PushResult.PUSHED)),
        ("same", 0, f"=\t{REF}\t[up to date]", "", PushOutcome(PushResult.UP_TO_DATE)),
        (
            "lease",
            1,
            f"!\t{REF}\t[rejected] (stale info)",
            "",
            PushOutcome(PushResult.STALE_LEASE, "[rejected] (stale info)"),
        ),
        (
            "protected",
            1,
            f"!\t{REF}\t[remote rejected] (protected branch hook declined)",
            "remote: You may not push here.\nremote: \nerror: failed to push",
            PushOutcome(PushResult.REJECTED, "You may not push here."),
        ),
        (
            "refused without words",
            1,
            f"!\t{REF}\t[remote rejected] (deny updating a hidden ref)",
            "",
            PushOutcome(PushResult.REJECTED, "[remote rejected] (deny updating a hidden ref)"),
        ),
        (
            "sent twice by the transport",
            1,
            f"!\t{REF}\t[remote rejected] (cannot lock ref 'x': reference already exists)",
            "",
            PushOutcome(
                PushResult.UNKNOWN,
                "[remote rejected] (cannot lock ref 'x': reference already exists)",
            ),
        ),
        (
            "no answer",
            128,
            "",
            "fatal: the remote end hung up",
            PushOutcome(PushResult.UNKNOWN, "fatal: the remote end hung up"),
        ),
    ],
)
def test_the_status_line_decides(
    _case: str, status: int, line: str, stderr: str, outcome: PushOutcome
) -> None:
    stdout = f"To somewhere\n{line}\nDone\n".encode()
    assert read_push(Completed(status, stdout, stderr)) == outcome


def test_a_success_line_with_a_failed_exit_is_unclear() -> None:
    done = Completed(1, f"*\t{REF}\t[new branch]\n".encode(), "error: cut")
    assert read_push(done) == PushOutcome(PushResult.UNKNOWN, "error: cut")
