"""The catalogue: search as you type, facets, pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from flagstone.accounts.permissions import may
from flagstone.web.catalogue import Wanted, catalogue_page
from flagstone.web.htmx import PageRequest, render_page_or_partial


@require_safe
def catalog(request: PageRequest) -> HttpResponse:
    wanted = Wanted.of(request.GET)
    response = render_page_or_partial(
        request,
        "web/catalog/page.html",
        "web/catalog/_results.html",
        {
            "catalogue": catalogue_page(request.user, wanted),
            "may_find": may(request.user, "forge.manage"),
        },
    )
    # the address that people copy: without the empty fields of the form
    response.headers["HX-Push-Url"] = wanted.here
    return response
