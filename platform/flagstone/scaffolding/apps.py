from __future__ import annotations

from django.apps import AppConfig


class ScaffoldingConfig(AppConfig):
    name = "flagstone.scaffolding"
    label = "scaffolding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from flagstone.scaffolding import receivers  # noqa: F401 - importing connects them
