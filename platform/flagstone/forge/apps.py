from __future__ import annotations

from django.apps import AppConfig


class ForgeConfig(AppConfig):
    name = "flagstone.forge"
    label = "forge"
    verbose_name = "Repositories and pull requests"
    default_auto_field = "django.db.models.BigAutoField"
