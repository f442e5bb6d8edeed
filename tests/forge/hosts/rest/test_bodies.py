"""Row 40: what a person writes is read by people, and obeyed by no robot."""

from __future__ import annotations

import pytest

from flagstone.forge.hosts.rest.bodies import disarmed

Z = "\u200b"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Thanks @mia and @acme/sre!", f"Thanks @{Z}mia and @{Z}acme/sre!"),
        ("mail me at a@b.example", f"mail me at a@{Z}b.example"),
        ("/merge", f"{Z}/merge"), ("Why\n/approve\nyes", f"Why\n{Z}/approve\nyes"),
        ("  /close", f"  {Z}/close"), ("> /close", f"> {Z}/close"),
        ("<!-- flagstone:change-request=1 -->", "&lt;!-- flagstone:change-request=1 -->"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"), ("</details>", "&lt;/details>"),
        ("see <https://flagstone.example/runs/1>", "see <https://flagstone.example/runs/1>"),
        ("1 < 2, a/b and 2 @ 3 stay", "1 < 2, a/b and 2 @ 3 stay"), ("", ""),
    ],
)  # fmt: skip
def test_row_40_words_lose_their_power_and_read_the_same(body: str, expected: str) -> None:
    assert disarmed(body) == expected
