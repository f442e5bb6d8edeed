"""Changes a merge request that is there: its words, its end, its labels and who is asked to look at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flagstone.forge.errors import (
    PermissionDenied,
    PolicyRejected,
    PullRequestNotOpen,
    ReviewersRefused,
)
from flagstone.forge.hosts.base import PullRequest, PullRequestState
from flagstone.forge.hosts.gitlab.codec import read_merge_request, read_state
from flagstone.forge.hosts.gitlab.reading import GitLabReader
from flagstone.forge.hosts.gitlab.texts import description_of, host_title
from flagstone.forge.hosts.markers import marked_change
from flagstone.forge.hosts.rest.fields import Fields


class GitLabChanges(GitLabReader):
    def update(
        self,
        repository: str,
        number: int,
        *,
        title: str | None,
        body: str | None,
        is_draft: bool | None,
    ) -> PullRequest:
        fields = self._api.merge_request(repository, number)
        now = read_merge_request(fields)
        turns = is_draft is not None and is_draft != now.is_draft
        if turns:
            require_open(fields)
        changes: dict[str, str] = {}
        if title is not None or turns:
            draft = now.is_draft if is_draft is None else is_draft
            changes["title"] = host_title(now.title if title is None else title, is_draft=draft)
        if body is not None:
            changes["description"] = description_of(body, marked_change(now.body))
        changes = {key: text for key, text in changes.items() if text != fields.text(key, "")}
        if changes:
            fields = self._put(repository, number, changes, f"change merge request !{number}")
        return self.described(repository, fields)

    def close(self, repository: str, number: int) -> PullRequest:
        fields = self._api.merge_request(repository, number)
        if read_state(fields) is not PullRequestState.CLOSED:
            require_open(fields)
            closing = {"state_event": "close"}
            fields = self._put(repository, number, closing, f"close merge request !{number}")
            if read_state(fields) is PullRequestState.MERGED:  # while we were looking
                require_open(fields)
        return self.described(repository, fields)

    def set_labels(self, repository: str, number: int, labels: Iterable[str]) -> PullRequest:
        """Let it have these labels and no others; GitLab makes missing ones, or leaves them out."""
        wanted = sorted({" ".join(label.split()) for label in labels} - {""})
        if unfit := [label for label in wanted if "," in label]:
            raise PolicyRejected(
                f"{self._api.host} has no labels with a comma in their names: "
                f"{', '.join(map(repr, unfit))}. Call them otherwise.",
                labels=unfit,
            )
        fields = self._api.merge_request(repository, number)
        if sorted(fields.texts("labels")) != wanted:
            payload = {"labels": ",".join(wanted)}
            fields = self._put(repository, number, payload, f"label merge request !{number}")
        there = {label.casefold() for label in fields.texts("labels")}
        if missing := [label for label in wanted if label.casefold() not in there]:
            raise PermissionDenied(
                f"{self._api.host} did not put {', '.join(map(repr, missing))} on merge request "
                f"!{number} of {repository}: there is no such label, and Flagstone's credential may "
                "not make one. Make it there, or give the credential the role of a reporter at least.",
                labels=missing,
            )
        return self.described(repository, fields)

    def request_reviewers(self, repository: str, number: int, logins: Iterable[str]) -> None:
        """Ask people besides those who are asked already; GitLab leaves out who may not be asked."""
        asked = sorted(set(logins))
        fields = self._api.merge_request(repository, number)
        author = read_merge_request(fields).author.login
        there = {each.text("username"): each.number("id") for each in fields.each("reviewers")}
        known = {
            login: user_id
            for login in asked
            if login.casefold() != author.casefold()
            and (user_id := self._user_id(login)) is not None
        }
        if not known.keys() <= there.keys():
            ids = sorted({*there.values(), *known.values()})
            payload = {"reviewer_ids": ids}
            fields = self._put(
                repository, number, payload, f"ask for reviews of merge request !{number}"
            )
            there = {each.text("username"): each.number("id") for each in fields.each("reviewers")}
        folded = {login.casefold() for login in there}
        if refused := [login for login in asked if login.casefold() not in folded]:
            raise ReviewersRefused(
                f"{self._api.host} does not ask {', '.join(refused)} to review merge request "
                f"!{number} of {repository}: they are unknown there, opened it themselves, may not "
                "read the project, or are more than it takes.",
                logins=refused,
            )

    def _user_id(self, login: str) -> int | None:
        operation = f"look for {login}"
        answer = self._api.get("users", operation=operation, params={"username": login})
        for entry in self._api.listed(answer, operation):
            user = self._api.fields("user", entry)
            if user.text("username").casefold() == login.casefold():
                return user.number("id")
        return None

    def _put(
        self, repository: str, number: int, payload: Mapping[str, Any], operation: str
    ) -> Fields:
        answer = self._api.write(
            "PUT",
            repository,
            "merge_requests",
            number,
            operation=f"{operation} of {repository}",
            payload=payload,
        )
        return self._api.merge_request_of(answer, of_write=True)


def require_open(fields: Fields) -> None:
    """Refuse what only an open merge request takes.

    Raises:
        PullRequestNotOpen: It was merged or closed.
    """
    state = read_state(fields)
    if state is not PullRequestState.OPEN:
        number = fields.number("iid")
        raise PullRequestNotOpen(
            f"Merge request !{number} is {state.value} already.", number=number, state=state.value
        )
