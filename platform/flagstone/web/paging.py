"""Where in a long list one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list: `number` of `pages`, with `size` of `total` rows on each."""

    number: int
    pages: int
    total: int
    size: int

    @classmethod
    def of(cls, page: Page[Any]) -> Paging:
        paginator = page.paginator
        return cls(page.number, paginator.num_pages, paginator.count, paginator.per_page)

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None


def page_number(text: str) -> int:
    """Read the number of a page from an address; what is none is the first."""
    return int(text) if text.isdecimal() and len(text) < 7 else 1
