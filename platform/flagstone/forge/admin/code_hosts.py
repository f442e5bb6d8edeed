"""Code hosts, the secrets that they entrust to Flagstone (which nobody sees again), and people's logins there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from flagstone.accounts.permissions import may
from flagstone.core.action_forms import ActionForm, AddedByAction
from flagstone.core.admin import AuditedAdmin, ReadOnlyAdmin
from flagstone.core.confirmation import ConfirmedAct, ask_or_act
from flagstone.core.sealing import NoSealingKey, SealBroken
from flagstone.forge import actions
from flagstone.forge.credentials import signing_key_of, unreadable_secrets
from flagstone.forge.models import CodeHost, HostAccount, HostSecret, SecretPurpose
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


@admin.register(CodeHost)
class CodeHostAdmin(AddedByAction, ReadOnlyAdmin):
    list_display = ("name", "kind", "web_url", "created_at")
    fields = ("name", "kind", "web_url", "user_name", "email", "app_id")
    readonly_fields = ("webhook_address", "public_key")
    add_form = CodeHostForm
    change_form = CorrectedCodeHostForm
    inlines = (SecretInline,)
    actions = ("remove",)
    actions_detail = ("remove_this",)

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

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may(request.user, "forge.manage")  # type: ignore[arg-type]

    @admin.action(description="Remove", permissions=["manage"])
    def remove(self, request: HttpRequest, queryset: QuerySet[CodeHost]) -> HttpResponse:
        return ask_or_act(self, request, queryset, REMOVAL)

    @action(description="Remove", url_path="remove", permissions=["manage"])  # type: ignore[untyped-decorator]
    def remove_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ask_or_act(self, request, CodeHost.objects.filter(pk=object_id), REMOVAL)


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


def what_follows_forgetting(secret: HostSecret) -> list[str]:
    added = added_to_the_second(None, secret)
    return [f"Added {added}. {_WITHOUT_IT[SecretPurpose(secret.purpose)]}"]


_WITHOUT_IT = {
    SecretPurpose.TOKEN: "Without it Flagstone cannot read or ship anything there.",
    SecretPurpose.APP_KEY: "Without it Flagstone cannot read or ship anything there.",
    SecretPurpose.WEBHOOK: "Webhooks that are signed with it are refused from then on.",
    SecretPurpose.SIGNING_KEY: "Commits by Flagstone are no longer signed.",
}

FORGETTING = ConfirmedAct(
    name="forget",
    title="Forget?",
    button="Forget",
    act=lambda actor, secret: actions.forget_secret(actor=actor, secret=secret),
    done="{} is forgotten.",
    foretell=what_follows_forgetting,
)


@admin.register(HostSecret)
class HostSecretAdmin(AddedByAction, ReadOnlyAdmin):
    list_display = ("host", "purpose", "added", "can_be_opened")
    list_filter = ("host", "purpose")
    list_select_related = ("host",)
    fields = ("host", "purpose", "added", "can_be_opened")
    readonly_fields = ("added", "can_be_opened")
    add_form = HostSecretForm

    added = admin.display(description="Added at", ordering="added_at")(added_to_the_second)
    can_be_opened = admin.display(description="Can be opened", boolean=True)(is_readable)
    actions = ("forget",)
    actions_detail = ("forget_this",)

    def get_fields(self, request: HttpRequest, obj: HostSecret | None = None) -> Any:
        return self.fields if obj else ("host", "purpose", "secret")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "forge.manage")  # type: ignore[arg-type]

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may(request.user, "forge.manage")  # type: ignore[arg-type]

    @admin.action(description="Forget", permissions=["manage"])
    def forget(self, request: HttpRequest, queryset: QuerySet[HostSecret]) -> HttpResponse:
        return ask_or_act(self, request, queryset, FORGETTING)

    @action(description="Forget", url_path="forget", permissions=["manage"])  # type: ignore[untyped-decorator]
    def forget_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ask_or_act(self, request, HostSecret.objects.filter(pk=object_id), FORGETTING)


@admin.register(HostAccount)
class HostAccountAdmin(AuditedAdmin):
    list_display = ("login", "host", "user")
    list_filter = ("host",)
    list_select_related = ("host", "user")
    search_fields = ("login", "user__username", "user__first_name", "user__last_name")
    autocomplete_fields = ("user",)
