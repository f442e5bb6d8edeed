"""The webhooks that came: what they said, what became of them, and another try for those that failed."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.errors import UserError
from flagstone.forge import actions
from flagstone.forge.models import WebhookDelivery

_SHOWN = 20_000


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "received_at",
        "host",
        "event",
        "action",
        "repository_name",
        "state",
        "attempts",
        "error",
    )
    list_filter = ("state", "host", "event")
    list_select_related = ("host",)
    search_fields = ("delivery_id", "repository_name", "error")
    date_hierarchy = "received_at"
    exclude = ("payload",)
    readonly_fields = ("body",)
    actions = ("work_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        # a list would read megabytes that it does not show
        return super().get_queryset(request).defer("payload")  # type: ignore[no-any-return]

    @admin.display(description="Body")
    def body(self, delivery: WebhookDelivery) -> str:
        text = bytes(delivery.payload[: _SHOWN * 4]).decode("utf-8", "replace")
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"

    @admin.action(description="Work again")
    def work_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        for delivery in queryset:
            try:
                actions.work_delivery_again(
                    actor=request.user,  # type: ignore[arg-type]
                    delivery=delivery,
                )
            except UserError as error:
                self.message_user(request, error.message, messages.WARNING)
