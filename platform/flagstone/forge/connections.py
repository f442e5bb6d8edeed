"""From a row to the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path

from django.conf import settings

from flagstone.core.admin_places import place_of
from flagstone.forge.credentials import read_secret
from flagstone.forge.errors import CredentialMissing
from flagstone.forge.hosts.base import Forge
from flagstone.forge.hosts.gitea.forge import GiteaForge
from flagstone.forge.hosts.github.credentials import AppInstallation, Credential, PersonalToken
from flagstone.forge.hosts.github.forge import HEADERS, GitHubForge
from flagstone.forge.hosts.gitlab.forge import GitLabForge
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.hosts.pagure.forge import PagureForge
from flagstone.forge.hosts.rest.addresses import api_url
from flagstone.forge.hosts.rest.transport import Pace, Transport
from flagstone.forge.models import CodeHost, HostKind, SecretPurpose
from flagstone.forge.pacing import pace_of


def connect(host: CodeHost, *, is_background: bool = False) -> Forge:
    """Return the adapter of a code host; nothing is sent yet.

    Args:
        host: The code host.
        is_background: For work that can wait: it leaves a part of what the code host's limits allow to others.
    """
    if host.is_local:
        return local_forge()
    pace = pace_of(host.kind, f"host-{host.pk}", is_background=is_background)
    return _ADAPTERS[HostKind(host.kind)](host, pace)


def local_forge() -> LocalForge:
    """Return the local code host: one folder, named by the settings."""
    return LocalForge(Path(settings.FLAGSTONE_LOCAL_HOST_ROOT))


def _github(host: CodeHost, pace: Pace) -> Forge:
    transport = _transport(host, dict, pace, HEADERS)
    credential: Credential = PersonalToken(_token(host))
    if host.app_id:
        key = partial(read_secret, host, SecretPurpose.APP_KEY)
        credential = AppInstallation(host.app_id, key, transport)
    return GitHubForge(transport, web_url=host.web_url, credential=credential)


def _gitlab(host: CodeHost, pace: Pace) -> Forge:
    token = _token(host)
    transport = _transport(host, lambda: {"PRIVATE-TOKEN": token()}, pace)
    return GitLabForge(transport, web_url=host.web_url, token=token)


def _gitea(host: CodeHost, pace: Pace) -> Forge:
    token = _token(host)
    transport = _transport(host, lambda: {"Authorization": f"token {token()}"}, pace)
    return GiteaForge(transport, web_url=host.web_url, token=token)


def _pagure(host: CodeHost, pace: Pace) -> Forge:
    if not host.user_name:
        raise CredentialMissing(
            f"Flagstone does not know whose token it has for the code host {host.name}, and git signs "
            f"in there with that name. Give the user name {place_of(CodeHost)}."
        )
    token = _token(host)
    transport = _transport(host, lambda: {"Authorization": f"token {token()}"}, pace)
    return PagureForge(transport, web_url=host.web_url, user=host.user_name, token=token)


_ADAPTERS: Mapping[HostKind, Callable[[CodeHost, Pace], Forge]] = {
    HostKind.GITHUB: _github,
    HostKind.GITLAB: _gitlab,
    HostKind.GITEA: _gitea,
    HostKind.FORGEJO: _gitea,
    HostKind.PAGURE: _pagure,
}


def _token(host: CodeHost) -> Callable[[], str]:
    """Return what reads the token when it is needed first, once."""
    return lru_cache(maxsize=1)(lambda: read_secret(host, SecretPurpose.TOKEN))


def _transport(
    host: CodeHost,
    authorize: Callable[[], Mapping[str, str]],
    pace: Pace,
    headers: Mapping[str, str] | None = None,
) -> Transport:
    return Transport(
        name=host.name,
        base_url=api_url(host.kind, host.web_url),
        authorize=authorize,
        pace=pace,
        headers=headers,
    )
