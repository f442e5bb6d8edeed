"""Work in several processes: the same results in the same order, whatever happens to a child."""

from __future__ import annotations

import os

import pytest

from flagstone.core.forking import in_shares


def doubled(items: list[int]) -> list[int]:
    return [item * 2 for item in items]


def places(items: list[int]) -> list[int]:
    return [os.getpid() for _ in items]


@pytest.mark.parametrize("count", [0, 1, 7, 100])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(count: int, processes: int) -> None:
    items = list(range(count))
    assert in_shares(doubled, items, processes=processes, least=1) == [item * 2 for item in items]


def test_each_process_takes_every_nth() -> None:
    found = in_shares(places, list(range(6)), processes=2, least=1)
    assert found[0::2] == [os.getpid()] * 3
    assert len(set(found[1::2])) == 1
    assert os.getpid() not in found[1::2]


def test_few_items_are_not_worth_a_process() -> None:
    assert in_shares(places, [1, 2, 3], processes=2, least=2) == [os.getpid()] * 3


def test_a_killed_child_loses_nothing() -> None:
    here = os.getpid()

    def killed_elsewhere(items: list[int]) -> list[int]:
        if os.getpid() != here:
            os._exit(9)
        return doubled(items)

    assert in_shares(killed_elsewhere, [1, 2, 3, 4], processes=2, least=1) == [2, 4, 6, 8]


def test_results_that_cannot_be_sent_are_made_here() -> None:
    def functions(items: list[int]) -> list[object]:
        return [lambda: None for _ in items]

    assert len(in_shares(functions, [1, 2, 3, 4], processes=2, least=1)) == 4


def test_an_error_is_raised_here() -> None:
    def refuses(items: list[int]) -> list[int]:
        if 2 in items:
            raise ValueError("two")
        return items

    with pytest.raises(ValueError, match="two"):
        in_shares(refuses, [1, 2, 3, 4], processes=2, least=1)
