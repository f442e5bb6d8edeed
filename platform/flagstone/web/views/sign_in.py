"""The page of somebody who tried to sign in too often."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked(request: HttpRequest, *_: object) -> HttpResponse:
    """Say for how long there is no further try; the same for a name that nobody has."""
    pause: timedelta = settings.AXES_COOLOFF_TIME
    response = render(
        request,
        "web/sign_in.html",
        {
            "form": AuthenticationForm(request),
            "next": request.POST.get("next", ""),
            "locked_minutes": round(pause.total_seconds() / 60),
        },
        status=429,
    )
    response.headers["Retry-After"] = str(round(pause.total_seconds()))
    return response
