from __future__ import annotations

import pytest

from flagstone.web.paging import Paging, page_number


@pytest.mark.parametrize(
    ("paging", "shown"),
    [
        (Paging(1, 3, 120, 50), (1, 50, None, 2)),
        (Paging(3, 3, 120, 50), (101, 120, 2, None)),
        (Paging(1, 1, 0, 50), (0, 0, None, None)),
    ],
)
def test_where_one_is(paging: Paging, shown: tuple[int, int, int | None, int | None]) -> None:
    assert (paging.first, paging.last, paging.previous, paging.next) == shown


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("", 1), ("x", 1), ("-1", 1), ("9" * 30, 1), ("²", 1)]
)
def test_what_is_no_number_is_the_first_page(text: str, number: int) -> None:
    assert page_number(text) == number
