"""How text for people is laid out: width, colours, indented paragraphs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from flagstone.core.hidden_characters import written_out

BOLD, DIM, RED, YELLOW, GREEN, CYAN = "1", "2", "31", "33", "32", "36"
LABEL_WIDTH = 10
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Style:
    """How wide, whether in colour, and whether long lists are shown to their ends."""

    width: int = 100
    colour: bool = False
    whole: bool = False

    def paint(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colour and codes else text

    def cut(self, items: Sequence[_T], most: int) -> tuple[Sequence[_T], str]:
        """The items to show, and what stands below them of the rest; "" if that are all."""
        if self.whole or len(items) <= most + 1:  # the line that says "1 more" could show it
            return items, ""
        return items[:most], f"... and {len(items) - most:,} more: --all"

    def wrap(self, text: str, indent: int, hanging: int = 0) -> list[str]:
        """Lines of at most the width; `hanging` spaces more from the second line on."""
        return textwrap.wrap(
            written_out(text),
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hanging),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def labelled(self, label: str, text: str, *codes: str) -> Iterator[str]:
        """A paragraph with a painted word in front of it."""
        head = f"  {label:<{LABEL_WIDTH}}"
        first, *more = self.wrap(text, LABEL_WIDTH + 2) or [head]
        yield self.paint(head, *(codes or (DIM,))) + first[len(head) :]
        yield from more

    def advice(self, word: str, text: str, indent: int) -> Iterator[str]:
        """What stands below a check: why it matters, how to mend it."""
        head = " " * indent + word
        first, *more = self.wrap(f"{word:<6}{text}", indent, hanging=6)
        yield self.paint(head, DIM) + first[len(head) :]
        yield from more
