"""What is put on a pull request besides its words: labels and reviewers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flagstone.forge.errors import (
    PermissionDenied,
    PolicyRejected,
    RepositoryGone,
    ReviewersRefused,
)
from flagstone.forge.hosts.gitea.api import GiteaApi, path_of

_NEW_COLOUR = "#ededed"


class GiteaDecorations:
    def __init__(self, api: GiteaApi) -> None:
        self._api = api

    def set_labels(self, repository: str, number: int, labels: Iterable[str]) -> None:
        """Let a pull request have these labels and no others.

        Raises:
            PermissionDenied: Labels may not be set, or not made; those that are there were set.
        """
        wanted = set(labels)
        now = self._api.pull_request(repository, number)
        if {label.text("name") for label in now.each("labels")} == wanted:
            return
        known = self._known_labels(repository) if wanted else {}
        refused: list[str] = []
        cause: PermissionDenied | None = None
        for name in sorted(wanted - known.keys()):
            try:
                known[name] = self._make_label(repository, name)
            except PermissionDenied as error:
                refused.append(name)
                cause = error
        self._api.write(
            "PUT",
            path_of(repository, "issues", number, "labels"),
            {"labels": sorted(known[name] for name in wanted & known.keys())},
            operation=f"label #{number} of {repository}",
        )
        if cause is not None:
            raise PermissionDenied(
                f"{repository} has no label {', '.join(map(repr, refused))}, and Flagstone's "
                "credential may not make one. Make it there, or let the credential write issues.",
                labels=refused,
            ) from cause

    def request_reviewers(self, repository: str, number: int, logins: Iterable[str]) -> None:
        """Ask people for their review: all at once, and one by one where somebody is refused."""
        asked = sorted(set(logins))
        if not asked or self._ask(repository, number, asked):
            return
        self._api.pull_request(repository, number)
        refused = [
            login
            for login in asked
            if len(asked) == 1 or not self._ask(repository, number, [login])
        ]
        if refused:
            raise ReviewersRefused(
                f"{self._api.host} does not ask {', '.join(refused)} to review #{number} of "
                f"{repository}: they are unknown there, opened it themselves, or may not read the "
                "repository.",
                logins=refused,
            )

    def _ask(self, repository: str, number: int, logins: list[str]) -> bool:
        try:
            self._api.write(
                "POST",
                path_of(repository, "pulls", number, "requested_reviewers"),
                {"reviewers": logins},
                operation=f"ask for reviews of #{number} of {repository}",
            )
        except (RepositoryGone, PolicyRejected) as error:
            told = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
            if error.params.get("status") not in told:
                raise
            return False
        return True

    def _known_labels(self, repository: str) -> dict[str, int]:
        """Return the ids of the labels that the repository and its organisation have."""
        owner = repository.partition("/")[0]
        of_repository = self._api.entries(
            path_of(repository, "labels"), operation=f"list the labels of {repository}"
        )
        # a person has none, and a credential that may not read organisations does without theirs
        of_owner: list[Any] = []
        with contextlib.suppress(RepositoryGone, PermissionDenied):
            of_owner = list(
                self._api.entries(
                    f"/orgs/{quote(owner)}/labels", operation=f"list the labels of {owner}"
                )
            )
        found: dict[str, int] = {}
        for each in (*of_repository, *of_owner):
            name, number = self._label(each)
            found.setdefault(name, number)
        return found

    def _make_label(self, repository: str, name: str) -> int:
        answer = self._api.write(
            "POST",
            path_of(repository, "labels"),
            {"name": name, "color": _NEW_COLOUR},
            operation=f"make the label {name!r} in {repository}",
        )
        return self._label(answer.body, of_write=True)[1]

    def _label(self, values: Any, *, of_write: bool = False) -> tuple[str, int]:
        fields = self._api.fields("label", values, of_write=of_write)
        return fields.text("name"), fields.number("id")
