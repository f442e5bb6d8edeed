"""The admin's look: the portal's colours and mark, in django-unfold's terms (web/styles/tokens.css)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def _mark(_request: HttpRequest) -> str:
    return static("web/favicon.svg")


def _narrow_screens(_request: HttpRequest) -> str:
    return static("web/admin.css")


# Lightness and chroma from the portal's ground to its ink; the light end is warm, the dark end cool.
_BASE = {
    "50": "oklch(0.982 0.003 85)",
    "100": "oklch(0.962 0.004 85)",
    "200": "oklch(0.905 0.006 85)",
    "300": "oklch(0.82 0.008 85)",
    "400": "oklch(0.725 0.012 250)",
    "500": "oklch(0.475 0.013 250)",
    "600": "oklch(0.38 0.013 250)",
    "700": "oklch(0.36 0.012 250)",
    "800": "oklch(0.275 0.01 250)",
    "900": "oklch(0.213 0.008 250)",
    "950": "oklch(0.178 0.006 250)",
}
_PRIMARY = {
    "50": "oklch(0.972 0.014 228)",
    "100": "oklch(0.948 0.024 228)",
    "200": "oklch(0.9 0.045 227)",
    "300": "oklch(0.85 0.085 222)",
    "400": "oklch(0.785 0.1 225)",
    "500": "oklch(0.62 0.115 229)",
    "600": "oklch(0.455 0.105 232)",
    "700": "oklch(0.39 0.1 234)",
    "800": "oklch(0.34 0.075 233)",
    "900": "oklch(0.3 0.05 232)",
    "950": "oklch(0.24 0.04 233)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Flagstone admin",
    "SITE_HEADER": "Flagstone",
    "SITE_SUBHEADER": "for the platform team",
    "SITE_URL": "/",
    "SITE_ICON": _mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _mark}],
    "STYLES": [_narrow_screens],
    "SHOW_HISTORY": False,
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "SIDEBAR": {"show_search": True},
}
