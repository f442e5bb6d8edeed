from __future__ import annotations

from itertools import pairwise

from django.template.loader import render_to_string

from flagstone.web.graph import BOX_HEIGHT, MOST_PER_SIDE, RIGHT, Neighbour, draw


def neighbours(count: int) -> list[Neighbour]:
    return [Neighbour(f"n{number}", "uses it", f"/n{number}") for number in range(count)]


def test_one_on_each_side_stands_level_with_the_centre() -> None:
    drawing = draw("checkout", "service", neighbours(1), neighbours(1))
    assert [box.y for box in drawing.boxes] == [8, 8, 8]
    assert drawing.lines == ("M250 30C292.5 30 292.5 30 335 30", "M585 30C627.5 30 627.5 30 670 30")


def test_boxes_of_a_side_never_overlap() -> None:
    boxes = [box for box in draw("a", "", [], neighbours(5)).boxes if box.x == RIGHT]
    assert all(lower.y - upper.y >= BOX_HEIGHT for upper, lower in pairwise(boxes))
    assert boxes[-1].y + BOX_HEIGHT <= draw("a", "", [], neighbours(5)).height


def test_what_does_not_fit_is_counted() -> None:
    boxes = draw("a", "", neighbours(MOST_PER_SIDE + 3), []).boxes
    assert len(boxes) == MOST_PER_SIDE + 1
    assert boxes[-1].title == "and 4 more"


def test_alone_it_is_only_the_centre() -> None:
    drawing = draw("a", "", [], [])
    assert (len(drawing.boxes), drawing.lines) == (1, ())


def test_a_long_name_is_cut_and_kept_in_its_title() -> None:
    html = render_to_string(
        "components/graph.html", {"drawing": draw("x" * 40, "", [], []), "label": "Relations"}
    )
    assert f"<title>{'x' * 40}</title>" in html
    assert f">{'x' * 27}…</text>" in html
