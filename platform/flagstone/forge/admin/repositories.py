"""Repositories and pull requests: what code hosts say of them is read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from flagstone.accounts.permissions import may
from flagstone.core.action_forms import ActionForm, AddedByAction
from flagstone.core.admin import ReadOnlyAdmin
from flagstone.forge import actions, tasks
from flagstone.forge.models import PullRequest, Repository


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
