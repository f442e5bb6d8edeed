from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "flagstone.catalog"
    label = "catalog"
    verbose_name = "Catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from flagstone.catalog import receivers  # noqa: F401
