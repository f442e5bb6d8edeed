"""Where a code host's API is, and which addresses a credential may be sent to at all."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flagstone.forge.errors import InvalidAddress

_API_PATHS = {"gitlab": "/api/v4", "gitea": "/api/v1", "forgejo": "/api/v1", "pagure": "/api/0"}


def check_web_url(address: str) -> str:
    """Return the address of a code host's pages without a slash at its end.

    Raises:
        InvalidAddress: It is none, carries a credential, or would send one through the open.
    """
    address = address.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    is_plain = not (parts.query or parts.fragment or any(c.isspace() for c in address))
    if parts.scheme not in {"https", "http"} or not host or not is_plain:
        raise InvalidAddress(
            "That is not the address of a code host. Write it like https://github.com or "
            "https://git.example.com/forge."
        )
    if "@" in parts.netloc:
        raise InvalidAddress(
            "The address holds a user or password. Leave it out; the token is stored by itself, sealed."
        )
    if parts.scheme == "http" and not _is_this_machine(host):
        raise InvalidAddress(
            f"{host} is to be reached over http, where everybody on the way could read the token. "
            "Use its https address."
        )
    return address


def api_url(kind: str, web_url: str) -> str:
    """Return the address of a code host's REST API.

    Args:
        kind: `github`, `gitlab`, `gitea`, `forgejo` or `pagure`.
        web_url: Of its pages.
    """
    if kind != "github":
        return web_url + _API_PATHS[kind]
    host = urlsplit(web_url).netloc
    # github.com and its data residency have a host of their own for it, an Enterprise Server has a path
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{web_url}/api/v3"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
