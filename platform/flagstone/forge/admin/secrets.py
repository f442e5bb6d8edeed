"""The secrets that code hosts entrust to Flagstone: stored, marked where nothing opens them, and shown to nobody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from flagstone.core.action_forms import ActionForm, AddedByAction
from flagstone.core.confirmation import ConfirmedAct, ways_to
from flagstone.core.sealing import NoSealingKey
from flagstone.forge import actions
from flagstone.forge.admin.managing import ManagedAdmin
from flagstone.forge.credentials import unreadable_secrets
from flagstone.forge.models import HostSecret, SecretPurpose


def added_to_the_second(_admin: object, secret: HostSecret) -> str:
    """Two that were stored one after the other are told apart by it."""
    return date_format(localtime(secret.added_at), "Y-m-d H:i:s")


def is_readable(_admin: object, secret: HostSecret) -> bool:
    """Tell whether a sealing key of now opens it; without any key none does."""
    try:
        return not unreadable_secrets([secret])
    except NoSealingKey:
        return False


class SecretInline(TabularInline):  # type: ignore[misc]
    """Which secrets there are, and since when; what they are is shown to nobody."""

    model = HostSecret
    fields = readonly_fields = ("purpose", "added", "can_be_opened")
    extra = 0
    can_delete = False

    added = admin.display(description="Added at", ordering="added_at")(added_to_the_second)
    can_be_opened = admin.display(description="Can be opened", boolean=True)(is_readable)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class WrittenOnly(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """A text area, since keys have lines, that shows nothing of what was entered, not even after an error."""

    def format_value(self, value: Any) -> str:
        return ""


class HostSecretForm(ActionForm):
    secret = forms.CharField(
        widget=WrittenOnly(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        strip=False,
        help_text="It is sealed at once and never shown again.",
    )

    class Meta:
        model = HostSecret
        fields = ("host", "purpose")

    def act(self) -> HostSecret:
        return actions.store_secret(actor=self.actor, **self.cleaned_data)


_WITHOUT_IT = {
    SecretPurpose.TOKEN: "Without it Flagstone cannot read or ship anything there.",
    SecretPurpose.APP_KEY: "Without it Flagstone cannot read or ship anything there.",
    SecretPurpose.WEBHOOK: "Webhooks that are signed with it are refused from then on.",
    SecretPurpose.SIGNING_KEY: "Commits by Flagstone are no longer signed.",
}


def what_follows_forgetting(secret: HostSecret) -> list[str]:
    added = added_to_the_second(None, secret)
    return [f"Added {added}. {_WITHOUT_IT[SecretPurpose(secret.purpose)]}"]


FORGETTING = ConfirmedAct(
    name="forget",
    title="Forget?",
    button="Forget",
    act=lambda actor, secret: actions.forget_secret(actor=actor, secret=secret),
    done="{} is forgotten.",
    foretell=what_follows_forgetting,
)


@admin.register(HostSecret)
class HostSecretAdmin(AddedByAction, ManagedAdmin):
    list_display = ("host", "purpose", "added", "can_be_opened")
    list_filter = ("host", "purpose")
    list_select_related = ("host",)
    fields = ("host", "purpose", "added", "can_be_opened")
    readonly_fields = ("added", "can_be_opened")
    add_form = HostSecretForm
    actions = ("forget",)
    actions_detail = ("forget_this",)

    added = admin.display(description="Added at", ordering="added_at")(added_to_the_second)
    can_be_opened = admin.display(description="Can be opened", boolean=True)(is_readable)
    forget, forget_this = ways_to(FORGETTING)

    def get_fields(self, request: HttpRequest, obj: HostSecret | None = None) -> Any:
        return self.fields if obj else ("host", "purpose", "secret")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_manage_permission(request)
