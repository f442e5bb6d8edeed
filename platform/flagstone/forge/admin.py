"""The forge in the admin: what code hosts say is read, and people's acts go through actions."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from flagstone.accounts.permissions import may
from flagstone.core.action_forms import ActionForm, AddedByAction
from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.errors import UserError
from flagstone.forge import actions, tasks
from flagstone.forge.models import (
    ChangedFile,
    ChangeRequest,
    CodeHost,
    PullRequest,
    Repository,
)


class CodeHostForm(ActionForm):
    class Meta:
        model = CodeHost
        fields = ("name", "kind")

    def act(self) -> CodeHost:
        return actions.register_code_host(actor=self.actor, **self.cleaned_data)


@admin.register(CodeHost)
class CodeHostAdmin(AddedByAction, ReadOnlyAdmin):
    list_display = ("name", "kind", "created_at")
    fields = ("name", "kind")
    add_form = CodeHostForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "forge.manage")  # type: ignore[arg-type]


class RepositoryForm(ActionForm):
    class Meta:
        model = Repository
        fields = ("host", "full_name", "role")

    def act(self) -> Repository:
        return actions.register_repository(actor=self.actor, **self.cleaned_data)


@admin.register(Repository)
class RepositoryAdmin(AddedByAction, ReadOnlyAdmin):
    add_form = RepositoryForm
    list_display = (
        "full_name",
        "host",
        "default_branch",
        "head_commit",
        "synced_at",
        "problem_code",
    )
    list_filter = ("host", "problem_code")
    search_fields = ("full_name", "description")
    actions = ("sync",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "forge.manage")  # type: ignore[arg-type]

    @admin.action(description="Look again at the code host")
    def sync(self, request: HttpRequest, queryset: QuerySet[Repository]) -> None:
        for repository_id in queryset.values_list("pk", flat=True):
            tasks.sync_repository.delay_on_commit(repository_id)
        self.message_user(request, f"{queryset.count()} repositories are being looked at.")


@admin.register(PullRequest)
class PullRequestAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "title",
        "state",
        "author_login",
        "size",
        "opened_at",
        "first_review_at",
        "merged_at",
    )
    list_filter = ("state", "is_draft", "repository")
    list_select_related = ("repository",)
    search_fields = ("title", "author_login", "source_branch", "head_commit")
    date_hierarchy = "opened_at"


class ChangedFileInline(TabularInline):  # type: ignore[misc]
    model = ChangedFile
    fields = ("path", "is_executable")
    extra = 0
    can_delete = False


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "repository",
        "state",
        "requested_by",
        "attempts",
        "error_code",
        "created_at",
        "touched_at",
    )
    list_filter = ("state", "error_code", "repository")
    list_select_related = ("repository", "requested_by")
    search_fields = ("id", "title", "branch", "source")
    inlines = (ChangedFileInline,)
    actions = ("resume",)

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, queryset: QuerySet[ChangeRequest]) -> None:
        for change in queryset:
            try:
                actions.resume_change(
                    actor=request.user,  # type: ignore[arg-type]
                    change=change,
                )
            except UserError as error:
                self.message_user(request, error.message, messages.WARNING)
