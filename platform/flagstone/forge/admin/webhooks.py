"""The webhooks that came: what they said, what became of them, and another try for those that failed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from flagstone.core.confirmation import ConfirmedAct, ways_to
from flagstone.forge import actions
from flagstone.forge.actions.webhooks import why_not_worked_again
from flagstone.forge.admin.managing import ManagedAdmin
from flagstone.forge.models import WebhookDelivery

_SHOWN = 20_000

WORKING_AGAIN = ConfirmedAct(
    name="work_again",
    title="Work again?",
    button="Work again",
    act=lambda actor, delivery: actions.work_delivery_again(actor=actor, delivery=delivery),
    done="The delivery {} is being worked again: its state tells how it went.",
    foretell=lambda _: ["A worker reads what it points at, as it is now."],
    hindrance=why_not_worked_again,
)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ManagedAdmin):
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
    actions_detail = ("work_this_again",)

    work_again, work_this_again = ways_to(WORKING_AGAIN)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        # a list would read megabytes that it does not show
        return super().get_queryset(request).defer("payload")  # type: ignore[no-any-return]

    @admin.display(description="Body")
    def body(self, delivery: WebhookDelivery) -> str:
        text = bytes(delivery.payload[: _SHOWN * 4]).decode("utf-8", "replace")
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
