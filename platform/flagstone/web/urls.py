from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from flagstone.web.views import audit, bell, health, home, search, theme, tokens

app_name = "web"
urlpatterns = [
    path("", home.home, name="home"),
    path("search", search.search, name="search"),
    path("bell", bell.jobs, name="bell"),
    path("bell/mark", bell.mark, name="bell-mark"),
    path("audit", audit.trail, name="audit"),
    path("audit/verify", audit.verify, name="audit-verify"),
    path("audit/export.csv", audit.export, {"form": "csv"}, name="audit-csv"),
    path("audit/export.jsonl", audit.export, {"form": "jsonl"}, name="audit-jsonl"),
    path("account/tokens", tokens.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke", tokens.revoke, name="token-revoke"),
    path("account/theme", theme.choose, name="theme"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path(
        "sign-in",
        LoginView.as_view(template_name="web/sign_in.html", redirect_authenticated_user=True),
        name="sign-in",
    ),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
]
