"""Every address of Flagstone."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from flagstone.api.webhooks import deliver

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("flagstone.api.urls")),
    # with and without the slash: code hosts follow no redirect
    re_path(r"^webhooks/(?P<host_name>[-a-zA-Z0-9_]+)/?$", deliver, name="webhooks"),
    path("", include("flagstone.web.urls")),
]

handler400 = "flagstone.config.error_answers.bad_request"
handler403 = "flagstone.config.error_answers.permission_denied"
handler404 = "flagstone.config.error_answers.page_not_found"
handler500 = "flagstone.config.error_answers.server_error"
