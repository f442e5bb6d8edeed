"""How text for people is laid out: width, colours, indented paragraphs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from flagstone.core.hidden_characters import written_out

BOLD, DIM, RED, YELLOW, GREEN, CYAN = "1", "2", "31", "33", "32", "36"
LABEL_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Style:
    """How wide, and whether in colour."""

    width: int = 100
    colour: bool = False

    def paint(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colour and codes else text

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
