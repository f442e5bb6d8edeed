"""Code hosts: registered, corrected, and removed once no repository of theirs is registered."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from flagstone.core.action_forms import ActionForm, AddedByAction
from flagstone.core.confirmation import ConfirmedAct, ways_to
from flagstone.core.sealing import NoSealingKey, SealBroken
from flagstone.forge import actions
from flagstone.forge.admin.managing import ManagedAdmin
from flagstone.forge.admin.secrets import SecretInline
from flagstone.forge.credentials import signing_key_of
from flagstone.forge.models import CodeHost
from flagstone.forge.receiving import takes_webhooks
from flagstone.forge.removals import what_goes_with_host, why_host_stays


class CodeHostForm(ActionForm):
    class Meta:
        model = CodeHost
        fields = ("name", "kind", "web_url", "user_name", "email", "app_id")

    def act(self) -> CodeHost:
        return actions.register_code_host(actor=self.actor, **self.cleaned_data)


class CorrectedCodeHostForm(ActionForm):
    class Meta:
        model = CodeHost
        fields = ("web_url", "user_name", "email", "app_id")

    def act(self) -> CodeHost:
        # the instance carries what was entered, and what the page shows to be read only
        host = self.instance
        return actions.correct_code_host(
            actor=self.actor,
            host=host,
            web_url=host.web_url,
            user_name=host.user_name,
            email=host.email,
            app_id=host.app_id,
        )


REMOVAL = ConfirmedAct(
    name="remove",
    title="Remove from Flagstone?",
    button="Remove",
    act=lambda actor, host: actions.remove_code_host(actor=actor, host=host),
    done="The code host {} is removed.",
    foretell=what_goes_with_host,
    hindrance=why_host_stays,
)


@admin.register(CodeHost)
class CodeHostAdmin(AddedByAction, ManagedAdmin):
    list_display = ("name", "kind", "web_url", "created_at")
    fields = ("name", "kind", "web_url", "user_name", "email", "app_id")
    readonly_fields = ("webhook_address", "public_key")
    add_form = CodeHostForm
    change_form = CorrectedCodeHostForm
    inlines = (SecretInline,)
    actions = ("remove",)
    actions_detail = ("remove_this",)

    remove, remove_this = ways_to(REMOVAL)

    def get_fields(self, request: HttpRequest, obj: CodeHost | None = None) -> Any:
        remote = obj is not None and takes_webhooks(obj)
        return (*self.fields, *self.readonly_fields) if remote else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: CodeHost | None = None) -> Any:
        if obj is None:
            return self.readonly_fields
        fixed: tuple[str, ...] = ()
        if obj.is_local:
            fixed = ("web_url", "user_name", "app_id")
        elif obj.repositories.exists():  # their pull requests are at this address
            fixed = ("web_url",)
        return ("name", "kind", *fixed, *self.readonly_fields)

    @admin.display(description="Address for its webhooks")
    def webhook_address(self, host: CodeHost) -> str:
        return settings.FLAGSTONE_URL + reverse("webhooks", args=[host.name])

    @admin.display(
        description="Public half of the signing key", empty_value="commits are not signed"
    )
    def public_key(self, host: CodeHost) -> str | None:
        """Show what has to be registered at the code host for commits to be shown as verified."""
        try:
            key = signing_key_of(host)
        except (SealBroken, NoSealingKey) as error:
            return error.message
        return key.public if key else None

    def get_inlines(self, request: HttpRequest, obj: CodeHost | None) -> Any:
        return self.inlines if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_manage_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_manage_permission(request)
