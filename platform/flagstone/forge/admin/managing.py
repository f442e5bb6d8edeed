"""Who manages what the admin shows of the forge."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from flagstone.accounts.permissions import may
from flagstone.core.admin import ReadOnlyAdmin


class ManagedAdmin(ReadOnlyAdmin):
    """Rows to be read; acts with the permission `manage` are the platform team's."""

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may(request.user, "forge.manage")  # type: ignore[arg-type]
