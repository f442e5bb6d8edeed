from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "flagstone.core"
    label = "core"
    verbose_name = "Audit and jobs"
    default_auto_field = "django.db.models.BigAutoField"
