"""People and their tokens, for the platform team."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from flagstone.accounts import actions, sign_in_limits
from flagstone.accounts.models import ApiToken, User
from flagstone.core.admin import AuditedAdmin, ReadOnlyAdmin

admin.site.unregister(Group)  # roles decide here, not Django's groups


@admin.register(User)
class FlagstoneUserAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "first_name",
        "last_name",
        "role",
        "entity_ref",
        "is_active",
        "last_login",
    )
    list_filter = ("role", "is_active")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "entity_ref")}),
        ("Rights", {"fields": ("role", "is_active", "is_staff", "is_superuser")}),
    )

    actions = ("let_try_again",)

    @admin.action(description="Let them try to sign in again")
    def let_try_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            sign_in_limits.let_try_again(actor=request.user, user=user)  # type: ignore[arg-type]
        self.message_user(request, f"Failed tries are forgotten for {queryset.count()} people.")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "prefix", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("user",)
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            actions.revoke_token(actor=request.user, token=token)  # type: ignore[arg-type]
