from __future__ import annotations

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "flagstone.delivery"
    label = "delivery"
    verbose_name = "Rollbacks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from flagstone.delivery import receivers  # noqa: F401
