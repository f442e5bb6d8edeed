"""The catalogue in the admin, and the repositories that it is read from."""

from flagstone.catalog.admin import catalogue, repositories

__all__ = ["catalogue", "repositories"]
