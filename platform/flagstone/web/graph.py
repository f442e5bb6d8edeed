"""A picture of what stands around an entity: what uses it on the left, what it uses on the right.

Pure geometry; the template turns it into SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 920
BOX_WIDTH, BOX_HEIGHT, GAP = 250, 44, 12
MARGIN = 8
MOST_PER_SIDE = 9
LONGEST_TITLE = 28
LEFT, CENTRE, RIGHT = 0, (WIDTH - BOX_WIDTH) // 2, WIDTH - BOX_WIDTH


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something that stands in a relation to the entity; `url` is empty for what nobody registered."""

    title: str
    note: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    title: str
    full_title: str
    note: str
    url: str
    is_centre: bool = False

    @property
    def middle(self) -> float:
        return self.y + BOX_HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes and the lines between them, in the units of the view box."""

    height: float
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    width: int = WIDTH
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


def draw(title: str, note: str, before: Sequence[Neighbour], after: Sequence[Neighbour]) -> Drawing:
    """Lay the neighbours out in a column on each side; what does not fit is counted in a last box."""
    sides = [_shortened(before), _shortened(after)]
    rows = max(1, *(len(side) for side in sides))
    height = rows * (BOX_HEIGHT + GAP) - GAP + 2 * MARGIN
    centre = _box(Neighbour(title, note), CENTRE, (height - BOX_HEIGHT) / 2, is_centre=True)
    left, right = (_column(side, x, height) for side, x in zip(sides, (LEFT, RIGHT), strict=True))
    lines = [_line(box.x + BOX_WIDTH, box.middle, centre.x, centre.middle) for box in left]
    lines += [_line(centre.x + BOX_WIDTH, centre.middle, box.x, box.middle) for box in right]
    return Drawing(height=height, boxes=(centre, *left, *right), lines=tuple(lines))


def _shortened(side: Sequence[Neighbour]) -> list[Neighbour]:
    if len(side) <= MOST_PER_SIDE:
        return list(side)
    shown = list(side[: MOST_PER_SIDE - 1])
    return [*shown, Neighbour(f"and {len(side) - len(shown)} more", "listed below")]


def _column(side: Sequence[Neighbour], x: float, height: float) -> list[Box]:
    taken = len(side) * (BOX_HEIGHT + GAP) - GAP
    top = (height - taken) / 2
    return [_box(one, x, top + row * (BOX_HEIGHT + GAP)) for row, one in enumerate(side)]


def _box(one: Neighbour, x: float, y: float, *, is_centre: bool = False) -> Box:
    title = one.title
    if len(title) > LONGEST_TITLE:
        title = f"{title[: LONGEST_TITLE - 1]}…"
    return Box(x, y, title, one.title, one.note, one.url, is_centre)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = (x2 - x1) / 2
    return f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
