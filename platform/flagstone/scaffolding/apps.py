from __future__ import annotations

from django.apps import AppConfig


class ScaffoldingConfig(AppConfig):
    name = "flagstone.scaffolding"
    label = "scaffolding"
    default_auto_field = "django.db.models.BigAutoField"
