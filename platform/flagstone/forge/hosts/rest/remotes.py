"""How git reaches a repository over HTTP, with the credential in a header for that host alone."""

from __future__ import annotations

import base64
from urllib.parse import quote, urlsplit

from flagstone.forge.git.remotes import GitRemote

SILENT_SECONDS = 30
"""After which git gives up on a code host that sends hardly anything."""


def http_remote(web_url: str, repository: str, *, user: str, token: str) -> GitRemote:
    """Return the remote of a repository.

    git gives the header to addresses below `web_url` only, keeps it in no file, and shows it in no process
    list: it goes through the environment.

    Args:
        web_url: Of the code host, such as `https://github.com`.
        repository: `owner/name`.
        user: The name that belongs to the token; many code hosts take any.
        token: What git signs in with.
    """
    web_url = web_url.rstrip("/")
    credential = base64.b64encode(f"{user}:{token}".encode()).decode()
    return GitRemote(
        name=repository,
        url=f"{web_url}/{quote(repository)}.git",
        protocols=(urlsplit(web_url).scheme,),
        config={
            f"http.{web_url}/.extraHeader": f"Authorization: Basic {credential}",
            "http.lowSpeedLimit": "1000",
            "http.lowSpeedTime": str(SILENT_SECONDS),
        },
    )
