"""Repositories and pull requests: what code hosts say of them is read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from flagstone.core.action_forms import ActionForm, AddedByAction
from flagstone.core.admin import ReadOnlyAdmin
from flagstone.forge import actions, tasks
from flagstone.forge.admin.managing import ManagedAdmin
from flagstone.forge.models import PullRequest, Repository


class RepositoryForm(ActionForm):
    class Meta:
        model = Repository
        fields = ("host", "full_name", "role")

    def act(self) -> Repository:
        return actions.register_repository(actor=self.actor, **self.cleaned_data)


class RepositoryRoleForm(ActionForm):
    class Meta:
        model = Repository
        fields = ("role",)

    def act(self) -> Repository:
        return actions.change_repository_role(
            actor=self.actor, repository=self.instance, role=self.instance.role
        )


class RepositoryAdmin(AddedByAction, ManagedAdmin):
    """Registered by the catalogue, which knows what else goes with a repository that is unregistered."""

    add_form = RepositoryForm
    change_form = RepositoryRoleForm
    list_display = (
        "full_name",
        "host",
        "role",
        "default_branch",
        "head_commit",
        "synced_at",
        "problem_code",
    )
    list_filter = ("host", "role", "problem_code")
    search_fields = ("full_name", "description")
    actions: tuple[str, ...] = ("sync",)

    def get_readonly_fields(self, request: HttpRequest, obj: Repository | None = None) -> Any:
        if obj is None:
            return ()
        return [field.name for field in self.opts.fields if field.name not in {"id", "role"}]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_manage_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_manage_permission(request)

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
