"""What every page knows: the navigation and who is signed in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from flagstone import __version__


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"flagstone_version": __version__}
