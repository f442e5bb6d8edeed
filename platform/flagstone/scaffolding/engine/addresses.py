"""Where a template is fetched from: an address that somebody typed, held against the hosts that are allowed."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from flagstone.core.errors import UserError

# cookiecutter's own abbreviations
_SHORT = {"gh": "github.com", "gl": "gitlab.com", "bb": "bitbucket.org"}
_PATH = re.compile(r"(?:/[A-Za-z0-9._~@+-]+)+\Z")
_LONGEST = 300


class AddressRefused(UserError):
    """Nothing is fetched from there."""

    default_code = "scaffold.address_refused"


@dataclass(frozen=True, slots=True)
class TemplateAddress:
    """A git repository that may be fetched.

    Args:
        url: Complete, without credentials.
        name: Its last part, such as `cookiecutter-pypackage`.
    """

    url: str
    name: str

    @property
    def scheme(self) -> str:
        return self.url.partition(":")[0]


def template_address(text: str, *, allowed: Collection[str] | None) -> TemplateAddress:
    """Read an address such as `https://github.com/owner/name` or `gh:owner/name`.

    Args:
        text: As it was typed.
        allowed: Names of hosts that may be asked over https, such as `github.com`; or whole origins, such as
            `http://git.internal:8080`. None allows all: for somebody who asks with their own rights.

    Raises:
        AddressRefused: With the reason, and what is allowed.
    """
    text = text.strip()
    short, colon, rest = text.partition(":")
    if colon and short in _SHORT and not rest.startswith("/"):
        text = f"https://{_SHORT[short]}/{rest}"
    elif "://" not in text and re.match(r"[\w.-]+@[\w.-]+:", text):
        raise AddressRefused(
            f"{text} is an ssh address. Give the https address of the repository: nobody's key is used to fetch it."
        )
    if len(text) > _LONGEST:
        raise AddressRefused(f"The address is longer than {_LONGEST} characters.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused(f"{text!r} is no address: {error}.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefused(
            "That is no address of a git repository: write https://host/owner/name, or gh:owner/name."
        )
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            "The address holds a name or a password. Leave them out: they would be shown and logged."
        )
    if parts.query or parts.fragment:
        raise AddressRefused("The address of a git repository has no '?' and no '#'.")
    origin = f"{parts.scheme}://{host}{f':{port}' if port else ''}"
    is_plain = parts.scheme == "https" and not port
    if allowed is not None and origin not in allowed and not (is_plain and host in allowed):
        raise AddressRefused(
            f"Templates are not fetched from {origin}. Allowed are "
            f"{', '.join(sorted(allowed)) or 'no hosts at all'}; the setting FLAGSTONE_TEMPLATE_HOSTS names them."
        )
    path = parts.path.rstrip("/")
    if not _PATH.match(path) or any(part in (".", "..") for part in path.split("/")):
        raise AddressRefused(f"{text!r} names no repository: write https://host/owner/name.")
    return TemplateAddress(f"{origin}{path}", path.rpartition("/")[2].removesuffix(".git"))
