from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from flagstone.web.views import health, home

app_name = "web"
urlpatterns = [
    path("", home.home, name="home"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("sign-in", LoginView.as_view(template_name="web/sign_in.html", redirect_authenticated_user=True), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
]
