from __future__ import annotations

from django.apps import AppConfig


class GateConfig(AppConfig):
    name = "flagstone.gate"
    label = "gate"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from flagstone.gate import receivers  # noqa: F401
