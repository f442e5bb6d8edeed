"""Where in the admin something is, in the very words of its menu, for messages that send somebody there."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model
from django.utils.text import capfirst


def place_of(model: type[Model]) -> str:
    """Return the heading and the entry of the menu that lead to the rows of a model."""
    meta = model._meta  # noqa: SLF001 - Django's own name for it
    heading = apps.get_app_config(meta.app_label).verbose_name
    return f"in the admin under {heading}, {capfirst(meta.verbose_name_plural)}"
