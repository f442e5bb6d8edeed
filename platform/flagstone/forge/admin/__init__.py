"""The forge in the admin: what code hosts say is read, and people's acts go through actions."""

from flagstone.forge.admin import accounts, changes, code_hosts, repositories, secrets, webhooks

__all__ = ["accounts", "changes", "code_hosts", "repositories", "secrets", "webhooks"]
