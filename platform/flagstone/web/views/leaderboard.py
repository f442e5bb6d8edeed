"""The leaderboard: squads in their order, the most improved, a copy for a spreadsheet."""

from __future__ import annotations

import csv

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from flagstone.catalog.selectors import squads_of
from flagstone.reviews import selectors
from flagstone.web import boards
from flagstone.web.htmx import PageRequest, render_page_or_partial
from flagstone.web.live import is_unchanged, nothing_new
from flagstone.web.spreadsheets import harmless

IMPROVED = "improved"


@require_safe
def leaderboard(request: PageRequest) -> HttpResponse:
    version = selectors.version()
    if is_unchanged(request, version):
        return nothing_new()
    context = {
        "board": boards.board(),
        "improved": request.GET.get("tab") == IMPROVED,
        "weeks": selectors.TREND_WEEKS,
        "mine": {squad.ref for squad in squads_of(request.user)},
    }
    return render_page_or_partial(
        request, "web/leaderboard/page.html", "web/leaderboard/_board.html", context
    )


@require_safe
def export(request: PageRequest) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="flagstone-leaderboard.csv"'
    writer = csv.writer(response)
    board = boards.board()
    names = [level.title for level in reversed(board.levels)]
    head = ["place", "moved", "squad", "level", "score", f"gained in {selectors.TREND_WEEKS} weeks"]
    writer.writerow([*head, "services", *names, "No level", "exempt share", "no data share"])
    for row in (*board.ranked, *board.unranked):
        standing = row.standing
        counts = {level.title if level else "No level": n for level, n in row.spread}
        writer.writerow(
            [
                standing.place or "unranked",
                "" if row.moved is None else row.moved,
                harmless(row.title),
                row.level.title if row.level else "None",
                standing.score,
                standing.gained,
                standing.services,
                *(counts.get(name, 0) for name in (*names, "No level")),
                f"{standing.exempt_share:.3f}",
                f"{standing.no_data_share:.3f}",
            ]
        )
    return response
