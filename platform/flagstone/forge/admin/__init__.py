"""The forge in the admin: what code hosts say is read, and people's acts go through actions."""

from flagstone.forge.admin import changes, code_hosts, repositories, webhooks

__all__ = ["changes", "code_hosts", "repositories", "webhooks"]
