"""Where a template may come from: hosts that the settings allow, and Flagstone's own code hosts."""

from __future__ import annotations

import re

from django.conf import settings

from flagstone.forge.connections import connect
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.models import CodeHost
from flagstone.scaffolding.engine.addresses import (
    AddressRefused,
    TemplateAddress,
    template_address,
)

_REPOSITORY = re.compile(r"[A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)+\Z", re.ASCII)


def checked_address(text: str) -> TemplateAddress:
    """Read an address that somebody typed, such as `gh:owner/name` or `local:owner/name`.

    Raises:
        AddressRefused: With the reason, and what is allowed.
    """
    host, colon, repository = text.strip().partition(":")
    if colon and CodeHost.objects.filter(name=host).exists():
        repository = repository.strip("/")
        if not _REPOSITORY.match(repository):
            raise AddressRefused(
                f"{repository!r} names no repository of the code host {host}: write {host}:owner/name."
            )
        return TemplateAddress(f"{host}:{repository}", repository.rpartition("/")[2])
    return template_address(text, allowed=settings.FLAGSTONE_TEMPLATE_HOSTS)


def remote_of(url: str) -> GitRemote:
    """Return how git reaches a checked address; it is checked again, since the settings may have changed.

    Raises:
        AddressRefused: It is not allowed any more.
    """
    address = checked_address(url)
    host, _, repository = address.url.partition(":")
    if found := CodeHost.objects.filter(name=host).first():
        return connect(found).git_remote(repository)
    return GitRemote(address.url, address.url, protocols=(address.scheme,))
