"""Repositories at GitHub: described, made, deleted, listed, and their webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote

from flagstone.forge.errors import (
    BranchOccupied,
    EmptyRepository,
    ForgeError,
    NoDefaultBranch,
    OutcomeUnknown,
    PermissionDenied,
    RepositoryMoved,
)
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.first_commit import publish_first_commit
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import RepositoryEntry, RepositoryInfo, WebhookEntry
from flagstone.forge.hosts.github.api import PER_PAGE, RepositoryApi
from flagstone.forge.hosts.github.credentials import read_own_login
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.left_over import FIRST_BRANCH, may_be_ours, taken
from flagstone.forge.hosts.rest.transport import Answer, Transport

_READING = "read the repository"
_MOVED = frozenset(
    {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
)
_LONGEST_DESCRIPTION = 350
# GitHub's clock and ours


def get_repository(api: RepositoryApi) -> RepositoryInfo:
    """Describe a repository; see `Forge.get_repository`."""
    fields = _read(api)
    branch = fields.text("default_branch")
    looked = api.get(
        "git",
        "ref",
        f"heads/{branch}",
        operation="read the default branch",
        accept={HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT},
    )
    if looked.status == HTTPStatus.CONFLICT:
        raise EmptyRepository(
            f"The repository {api.repository} has no commit yet. Push a first one, then try again."
        )
    if looked.status == HTTPStatus.NOT_FOUND:
        raise NoDefaultBranch(
            f"The repository {api.repository} has no branch {branch}, which is its default branch. Set another "
            "one at GitHub."
        )
    return _info(fields, api.fields("branch", looked.body).inner("object").text("sha"))


def create_repository(
    api: RepositoryApi,
    *,
    description: str,
    files: ChangeSet,
    meta: CommitMeta,
    remote: GitRemote,
) -> RepositoryInfo:
    """Make a private repository with its first commit; what a killed attempt left is finished.

    Raises:
        RepositoryExists: The name is taken.
        PermissionDenied: The credential makes no repositories there.
    """
    owner, _, name = api.repository.partition("/")
    answer = api.transport.write(
        "POST",
        _place_of_new(api.transport, owner),
        operation=f"create the repository {api.repository}",
        payload={
            "name": name,
            "description": " ".join(description.split())[:_LONGEST_DESCRIPTION],
            "private": True,
        },
        accept={HTTPStatus.UNPROCESSABLE_ENTITY},
    )
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        looked = api.get(operation="look who has the name", accept={HTTPStatus.NOT_FOUND})
        if looked.status == HTTPStatus.NOT_FOUND:
            raise api.refusal(answer, "create the repository")
        fields = api.fields("repository", looked.body)
        _require_ours(api, fields, meta)
    else:
        fields = api.fields("repository", answer.body, OutcomeUnknown)
    try:
        head = publish_first_commit(remote, files, meta, FIRST_BRANCH)
    except BranchOccupied as error:
        raise taken(api.repository) from error
    return _info(fields, head, default_branch=FIRST_BRANCH)


def delete_repository(api: RepositoryApi, *, expected_head: str) -> bool:
    """Delete a repository that nobody worked with; see `Forge.delete_repository`."""
    try:
        if get_repository(api).head != expected_head:
            return False
    except EmptyRepository:
        return False
    if len(list(api.pages("branches", operation="list the branches", what="branch"))) != 1:
        return False
    params = {"state": "all", "per_page": 1}
    # where issues are switched off, the list of issues is gone, and with it the pull requests in it
    for kind in ("pulls", "issues"):
        listed = api.get(
            kind, operation=f"look for {kind}", params=params, accept={HTTPStatus.GONE}
        )
        if listed.status == HTTPStatus.OK and listed.body != []:
            return False
    api.write("DELETE", operation="delete the repository")
    return True


def list_repositories(transport: Transport, owner: str) -> Iterator[RepositoryEntry]:
    """List what an organisation or a person has; see `Forge.list_repositories`."""
    operation = f"list the repositories of {owner}"
    path, params, key = _place_of_list(transport, owner)
    pages = transport.pages(
        path, operation=operation, params={"per_page": PER_PAGE, **params}, key=key
    )
    for values in pages:
        fields = Fields(transport.name, "repository", values)
        # GitHub names the branch that an empty repository would have, so an empty one does not show here
        yield RepositoryEntry(
            full_name=fields.text("full_name"),
            description=fields.text("description", ""),
            default_branch=fields.text("default_branch", ""),
            is_archived=fields.flag("archived", default=False),
            is_fork=fields.flag("fork", default=False),
        )


def list_webhooks(api: RepositoryApi) -> tuple[WebhookEntry, ...]:
    """List the webhooks; GitHub says 404 where the credential may not see them."""
    operation = "list the webhooks"
    looked = api.get("hooks", operation=operation, accept={HTTPStatus.NOT_FOUND})
    if looked.status == HTTPStatus.NOT_FOUND:
        _read(api)
        raise PermissionDenied(
            f"{api.transport.name} does not let Flagstone's credential list the webhooks of {api.repository}. It "
            "needs to read webhooks (the scope `read:repo_hook`, if it is a classic token)."
        )
    hooks = api.pages("hooks", operation=operation, what="webhook")
    return tuple(_read_webhook(hook) for hook in hooks)


def _read(api: RepositoryApi) -> Fields:
    answer = api.get(operation=_READING, accept=_MOVED)
    if answer.status in _MOVED:
        raise _moved(api, answer)
    return api.fields("repository", answer.body)


def _moved(api: RepositoryApi, answer: Answer) -> ForgeError:
    """Return the error with the new name: GitHub leads to a number, which no person could register."""
    refusal = api.refusal(answer, _READING)
    try:
        found = api.transport.get(answer.headers.get("location", ""), operation=_READING)
        name = api.fields("repository", found.body).text("full_name")
    except ForgeError:  # hidden, or not GitHub's own address: nothing was sent there then
        return refusal
    return RepositoryMoved(
        f"The repository {api.repository} is called {name} now. Flagstone follows no redirect: register it "
        "under its new name.",
        name=name,
    )


def _info(fields: Fields, head: str, *, default_branch: str = "") -> RepositoryInfo:
    rights = fields.optional("permissions")
    return RepositoryInfo(
        full_name=fields.text("full_name"),
        description=fields.text("description", ""),
        default_branch=default_branch or fields.text("default_branch"),
        head=head,
        url=fields.text("html_url", ""),
        is_archived=fields.flag("archived", default=False),
        may_write=rights.flag("push", default=False) if rights else None,
    )


def _require_ours(api: RepositoryApi, fields: Fields, meta: CommitMeta) -> None:
    """Refuse a repository that cannot be what a killed attempt of ours left.

    Raises:
        RepositoryExists: It is somebody else's.
    """
    looked = api.get(
        "git",
        "ref",
        f"heads/{FIRST_BRANCH}",
        operation="read the first branch",
        accept={HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT},
    )
    branches = (FIRST_BRANCH,) if looked.status == HTTPStatus.OK else ()
    has_others = looked.status == HTTPStatus.NOT_FOUND
    created_at = fields.moment("created_at")
    if has_others or not may_be_ours(branches=branches, created_at=created_at, meta=meta):
        raise taken(api.repository)


def _place_of_new(transport: Transport, owner: str) -> str:
    if _is_organisation(transport, owner):
        return f"/orgs/{quote(owner, safe='')}/repos"
    if read_own_login(transport).lower() == owner.lower():
        return "/user/repos"
    raise PermissionDenied(
        f"Flagstone's credential is not {owner}'s own, and only they make repositories under their name. "
        "Choose an organisation.",
        owner=owner,
    )


def _place_of_list(transport: Transport, owner: str) -> tuple[str, dict[str, str], str]:
    """Return path, query and key of the list: only who owns a private repository sees it in the public lists."""
    if _is_organisation(transport, owner):
        return f"/orgs/{quote(owner, safe='')}/repos", {"type": "all"}, ""
    try:
        is_own = read_own_login(transport).lower() == owner.lower()
    except PermissionDenied:  # an app's installation is nobody: it has a list of its own
        return "/installation/repositories", {}, "repositories"
    if is_own:
        return "/user/repos", {"affiliation": "owner"}, ""
    return f"/users/{quote(owner, safe='')}/repos", {"type": "owner"}, ""


def _is_organisation(transport: Transport, owner: str) -> bool:
    found = transport.get(f"/users/{quote(owner, safe='')}", operation=f"look for {owner}")
    return Fields(transport.name, "account", found.body).text("type") == "Organization"


def _read_webhook(fields: Fields) -> WebhookEntry:
    config, last = fields.optional("config"), fields.optional("last_response")
    code = last.number("code", 0) if last else 0
    return WebhookEntry(
        url=config.text("url", "") if config else "",
        is_active=fields.flag("active"),
        events=frozenset(fields.texts("events")),
        last_status=code or None,
    )
