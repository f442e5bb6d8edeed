"""The REST API, its description and its documentation."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from flagstone.api.nowhere import NowhereView

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    # a page for people: they are led to sign in
    path(
        "docs",
        login_required(SpectacularSwaggerView.as_view(url_name="api:schema")),
        name="docs",
    ),
    path("v1/", include("flagstone.api.v1.urls")),
    re_path(r"", NowhereView.as_view(), name="nowhere"),
]
