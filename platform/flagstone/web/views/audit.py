"""The audit trail: who did what, whether the chain holds, and a copy for the auditor."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Literal

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.models import AuditEntry
from flagstone.core.selectors import audit_entries, audit_page
from flagstone.web.forms.audit import AuditFilterForm
from flagstone.web.htmx import PageRequest, render_page_or_partial
from flagstone.web.spreadsheets import harmless

RIGHT = "audit.read"
COLUMNS = ("sequence", "at", "actor", "action", "subject", "data", "previous_hash", "hash")


@never_cache
@require_safe
def trail(request: PageRequest) -> HttpResponse:
    require(request.user, RIGHT)
    form = AuditFilterForm(request.GET)
    before = request.GET.get("before", "")
    page = audit_page(form.wanted(), before=int(before) if before.isdecimal() else None)
    context = {"form": form, "page": page, "filtered": any(form.cleaned_data.values())}
    return render_page_or_partial(request, "web/audit/page.html", "web/audit/_rows.html", context)


@require_POST
def verify(request: PageRequest) -> HttpResponse:
    """Recompute every hash of the chain and name the first entry that does not fit."""
    require(request.user, RIGHT)
    context = {"verdict": audit.verify()}
    return render_page_or_partial(
        request, "web/audit/verdict.html", "web/audit/_verdict.html", context
    )


@never_cache
@require_safe
def export(request: PageRequest, form: Literal["csv", "jsonl"]) -> StreamingHttpResponse:
    """Send the whole trail, or what the filter leaves of it, line by line."""
    require(request.user, RIGHT)
    entries = audit_entries(AuditFilterForm(request.GET).wanted())
    lines, kind = (
        (_csv(entries), "text/csv; charset=utf-8")
        if form == "csv"
        else (_jsonl(entries), "application/x-ndjson")
    )
    response = StreamingHttpResponse(lines, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="flagstone-audit.{form}"'
    return response


class _Echo:
    """A file that hands every line back to its writer."""

    def write(self, line: str) -> str:
        return line


def _csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        row = _cells(entry)
        yield writer.writerow(
            [json.dumps(row[name]) if name == "data" else harmless(row[name]) for name in COLUMNS]
        )


def _jsonl(entries: Iterable[AuditEntry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(_cells(entry), sort_keys=True) + "\n"


def _cells(entry: AuditEntry) -> dict[str, object]:
    cells: dict[str, object] = {name: getattr(entry, name) for name in COLUMNS}
    return cells | {"at": entry.at.isoformat(timespec="microseconds")}
