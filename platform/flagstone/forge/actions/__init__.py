"""Everything a person can do with code hosts, repositories and pull requests."""

from flagstone.forge.actions.changes import rebuild_change, request_change, resume_change
from flagstone.forge.actions.code_hosts import (
    correct_code_host,
    forget_secret,
    register_code_host,
    remove_code_host,
    store_secret,
)
from flagstone.forge.actions.pull_requests import (
    approve_pull_request,
    close_pull_request,
    comment_on_pull_request,
    merge_pull_request,
    review_pull_request,
)
from flagstone.forge.actions.repositories import (
    change_repository_role,
    create_repository,
    register_repository,
    require_role,
    unregister_repository,
)
from flagstone.forge.actions.webhooks import work_delivery_again

__all__ = [
    "approve_pull_request",
    "change_repository_role",
    "close_pull_request",
    "comment_on_pull_request",
    "correct_code_host",
    "create_repository",
    "forget_secret",
    "merge_pull_request",
    "rebuild_change",
    "register_code_host",
    "register_repository",
    "remove_code_host",
    "request_change",
    "require_role",
    "resume_change",
    "review_pull_request",
    "store_secret",
    "unregister_repository",
    "work_delivery_again",
]
