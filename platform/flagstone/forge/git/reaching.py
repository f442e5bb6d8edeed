"""What git says when a remote cannot be reached or refuses, as the error that says what the caller must do.

git has no codes for it, so the HTTP status is read from its own lines. What the server says stands in lines
that begin with `remote:`, and is shown but never believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from flagstone.forge.errors import (
    AuthenticationFailed,
    ForgeError,
    PermissionDenied,
    QuotaExceeded,
    RepositoryArchived,
    RepositoryGone,
    RepositoryMoved,
    Retryable,
    TransportError,
)
from flagstone.forge.git.command import Git
from flagstone.forge.git.pushing import server_words
from flagstone.forge.git.remotes import GitRemote

_STATUS = re.compile(
    r"^(?:fatal: unable to access |error: RPC failed; HTTP ).*requested URL returned error: (\d{3})",
    re.MULTILINE,
)
_NOT_FOUND = re.compile(r"^fatal: repository '.*' not found$", re.MULTILINE)
# git asks for another password after 401, and nobody is there to answer
_ASKED = re.compile(r"^fatal: could not read (?:Username|Password) for ", re.MULTILINE)
# git asks for the refs before it writes anything
_UNREACHED = re.compile(r"^fatal: unable to access ", re.MULTILINE)
_PLACE = re.compile(r"<= Recv header: location: (\S+)", re.IGNORECASE)
# taken out before the address is read: a mask in its place would be no address
_USER = re.compile(r"(?<=://)[^/?#]*@")
_SPEAKS_GIT = re.compile(
    r"<= Recv header: content-type: application/x-git-upload-pack-advertisement", re.IGNORECASE
)
_LONGEST_PLACE = 200
_REFUSALS: Mapping[int, tuple[type[ForgeError], str]] = {
    HTTPStatus.UNAUTHORIZED: (
        AuthenticationFailed,
        (
            "The code host does not accept Flagstone's credential for {name}: it is wrong, expired or "
            "withdrawn. Give Flagstone a new one."
        ),
    ),
    HTTPStatus.FORBIDDEN: (
        PermissionDenied,
        (
            "Flagstone may not {act} {name}: its credential lacks the right to {right} the contents of "
            "the repository. Grant it at the code host, then try again."
        ),
    ),
    HTTPStatus.NOT_FOUND: (
        RepositoryGone,
        (
            "The repository {name} is missing or not visible to this credential. Check its name, and "
            "what the credential may see."
        ),
    ),
    HTTPStatus.GONE: (RepositoryGone, "The repository {name} is gone from its code host."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        QuotaExceeded,
        (
            "The code host has no room for what was sent to {name}. Split the change, or raise the "
            "limit there."
        ),
    ),
    HTTPStatus.LOCKED: (
        RepositoryArchived,
        "The repository {name} can only be read. Unarchive it at the code host, then try again.",
    ),
}
_NOT_FOR_EVERYBODY = "There is no repository {name}, or it is not for everybody to read."
# a code host that asks for patience through git does not say for how long
_UNTOLD_WAIT = 60.0


def refusal_of(said: str, remote: GitRemote, *, writes: bool) -> ForgeError | None:
    """Return the error of a refusal that the next try would meet again; None if it is none.

    Args:
        said: git's error output.
        remote: Where it went.
        writes: Whether it was a push.
    """
    status = _status_of(said)
    if status is None:
        return None
    if 300 <= status < 400:
        return moved(remote)
    words = server_words(said)
    if status == HTTPStatus.FORBIDDEN and "archived" in words.lower():
        status = HTTPStatus.LOCKED
    if status not in _REFUSALS:
        return None
    kind, text = _REFUSALS[status]
    if not remote.signs_in and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
        kind, text, words = RepositoryGone, _NOT_FOR_EVERYBODY, ""
    act, right = ("push to", "write") if writes else ("read", "read")
    message = text.format(name=remote.name, act=act, right=right)
    if words:
        message += f" The code host said: {words}"
    if kind is PermissionDenied:
        return PermissionDenied(message, repository=remote.name, needed=f"contents:{right}")
    return kind(message, repository=remote.name)


def unreached(said: str, remote: GitRemote, *, writes: bool) -> TransportError:
    """Return the error of an exchange that came to nothing and may be tried again."""
    done = "pushed to" if writes else "read"
    wait = _UNTOLD_WAIT if _status_of(said) == HTTPStatus.TOO_MANY_REQUESTS else None
    return TransportError(
        f"The repository {remote.name} could not be {done}: {said}",
        repository=remote.name,
        retry_after=wait,
    )


def ended_before_writing(said: str) -> bool:
    """Tell whether a push that failed cannot have written anything."""
    return bool(_UNREACHED.search(said))


def moved(remote: GitRemote, place: str = "") -> RepositoryMoved:
    """Return the error of a repository that answers with another address."""
    where = f"has moved to {place}" if place else "has moved: its code host names another address"
    return RepositoryMoved(
        f"The repository {remote.name} {where}. Give Flagstone the new one; redirects are not "
        "followed, so that a credential reaches nobody else.",
        repository=remote.name,
        place=place,
    )


def new_place(git: Git, remote: GitRemote) -> str:
    """Ask again where a repository moved to, because git hides it, and return the address; '' if untold.

    Nothing is followed, and a credential in the new address is left away.
    """
    try:
        found = _PLACE.search(_headers_of_a_look(git, remote))
        parts = urlsplit(_USER.sub("", found[1] if found else ""))
    except (Retryable, ValueError):
        return ""
    host = parts.netloc
    path = parts.path.removesuffix("/info/refs")
    place = f"{parts.scheme}://{host}{path}" if host else path
    return place[:_LONGEST_PLACE] if place.isprintable() else ""


def check_speaks_git(git: Git, remote: GitRemote) -> None:
    """Ask again whether it was git that answered: git takes a page with any words for a repository without refs.

    Raises:
        TransportError: It was something else.
    """
    if "http" in remote.url[:4] and not _SPEAKS_GIT.search(_headers_of_a_look(git, remote)):
        raise TransportError(
            f"The repository {remote.name} could not be read: what answers at its address is no git "
            "server, perhaps a page to sign in. Check the address, and any proxy on the way.",
            repository=remote.name,
        )


def _headers_of_a_look(git: Git, remote: GitRemote) -> str:
    """Return the headers of the answer among git's other words; it masks credentials itself."""
    tracing = git.with_environment(GIT_TRACE_CURL="1", GIT_TRACE_CURL_NO_DATA="1")
    return tracing.run("ls-remote", remote.url, accept=None).stderr


def _status_of(said: str) -> int | None:
    if _ASKED.search(said):
        return HTTPStatus.UNAUTHORIZED
    if _NOT_FOUND.search(said):
        return HTTPStatus.NOT_FOUND
    found = _STATUS.search(said)
    return int(found[1]) if found else None
