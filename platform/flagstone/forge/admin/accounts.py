"""People's logins at code hosts."""

from __future__ import annotations

from django.contrib import admin

from flagstone.core.admin import AuditedAdmin
from flagstone.forge.models import HostAccount


@admin.register(HostAccount)
class HostAccountAdmin(AuditedAdmin):
    list_display = ("login", "host", "user")
    list_filter = ("host",)
    list_select_related = ("host", "user")
    search_fields = ("login", "user__username", "user__first_name", "user__last_name")
    autocomplete_fields = ("user",)
