"""Pull requests: found, described, opened, changed and closed."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from itertools import takewhile

from flagstone.forge.errors import (
    AlreadyExists,
    ForgeError,
    NotAllowed,
    NotYetConsistent,
    PolicyRejected,
    PullRequestNotOpen,
    RefNotFound,
    RepositoryGone,
    ServerError,
)
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import (
    PullRequest,
    PullRequestSpec,
    PullRequestState,
    PullRequestTouch,
)
from flagstone.forge.hosts.gitea.api import GiteaApi, path_of
from flagstone.forge.hosts.gitea.codec import file_size_of, touch_of
from flagstone.forge.hosts.gitea.conversation import GiteaConversations
from flagstone.forge.hosts.gitea.description import is_between, pull_request_of, state_of
from flagstone.forge.hosts.gitea.titles import host_title
from flagstone.forge.hosts.markers import mark_body, marked_change
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.touches import readable_touches

# the column takes far more, and readers do not: the limit of the other code hosts
LONGEST_BODY = 65_536
# behind a pull request's number these lead elsewhere, and a branch's name reads as a number there
_WORDS_OF_ROUTES = frozenset(
    {"commits", "files", "merge", "requested_reviewers", "reviews", "update"}
)


class GiteaPullRequests:
    def __init__(self, api: GiteaApi, conversations: GiteaConversations) -> None:
        self._api = api
        self._conversations = conversations

    def get(self, repository: str, number: int) -> PullRequest:
        return self._described(repository, self._api.pull_request(repository, number))

    def find(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None
    ) -> PullRequest | None:
        found = self._found(repository, source=source, target=target, state=state)
        return self._described(repository, found) if found else None

    def touched(self, repository: str, *, since: datetime | None) -> list[PullRequestTouch]:
        newest_first = self._api.entries(
            path_of(repository, "pulls"),
            operation=f"list what changed in {repository}",
            params={"state": "all", "sort": "recentupdate"},
        )
        listed = (self._api.fields("pull request", each) for each in newest_first)
        touches = readable_touches(listed, touch_of)
        recent = takewhile(lambda touch: since is None or touch.updated_at >= since, touches)
        # one that is touched while the pages are read moves the others on, and they come twice
        latest = {touch.number: touch for touch in reversed(list(recent))}
        return sorted(latest.values(), key=lambda touch: (touch.updated_at, touch.number))

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        files = self._api.entries(
            path_of(repository, "pulls", number, "files"),
            operation=f"list the files of pull request #{number} of {repository}",
        )
        return tuple(file_size_of(self._api.fields("changed file", each)) for each in files)

    def create(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        if spec.source == spec.target:
            raise NotAllowed(f"A pull request leads to another branch than {spec.source!r} itself.")
        payload = {
            "title": host_title(spec.title, is_draft=spec.is_draft),
            "body": mark_body(spec.body, spec.change_id, longest=LONGEST_BODY),
            "head": spec.source,
            "base": spec.target,
        }
        try:
            answer = self._api.write(
                "POST",
                path_of(repository, "pulls"),
                payload,
                operation=f"open a pull request in {repository}",
            )
        except (PolicyRejected, RepositoryGone) as error:
            raise self._why_refused(repository, spec, error) from error
        return pull_request_of(self._api.fields("pull request", answer.body, of_write=True))

    def update(
        self,
        repository: str,
        number: int,
        *,
        title: str | None,
        body: str | None,
        is_draft: bool | None,
    ) -> PullRequest:
        fields = self._api.pull_request(repository, number)
        now = pull_request_of(fields)
        changes: dict[str, str] = {}
        turns = is_draft is not None and is_draft != now.is_draft
        if turns:
            _require_open(now)
        if title is not None or turns:
            draft = now.is_draft if is_draft is None else is_draft
            changes["title"] = host_title(now.title if title is None else title, is_draft=draft)
        if body is not None:
            changes["body"] = mark_body(body, marked_change(now.body), longest=LONGEST_BODY)
        changes = {key: text for key, text in changes.items() if text != fields.text(key, "")}
        if changes:
            fields = self._change(repository, number, changes, f"change pull request #{number}")
        return self._described(repository, fields)

    def close(self, repository: str, number: int) -> PullRequest:
        fields = self._api.pull_request(repository, number)
        if state_of(fields) is not PullRequestState.CLOSED:
            _require_open(pull_request_of(fields))
            fields = self._change(
                repository,
                number,
                {"state": PullRequestState.CLOSED.value},
                f"close pull request #{number}",
            )
        return self._described(repository, fields)

    def _change(
        self, repository: str, number: int, changes: dict[str, str], operation: str
    ) -> Fields:
        answer = self._api.write(
            "PATCH",
            path_of(repository, "pulls", number),
            changes,
            operation=f"{operation} of {repository}",
            accept=(HTTPStatus.PRECONDITION_FAILED,),
        )
        if answer.status == HTTPStatus.PRECONDITION_FAILED:  # merged while we were looking
            fields = self._api.pull_request(repository, number)
            _require_open(pull_request_of(fields))
            return fields
        return self._api.fields("pull request", answer.body, of_write=True)

    def _described(self, repository: str, fields: Fields) -> PullRequest:
        conversation = self._conversations.of(repository, fields.number("number"))
        return pull_request_of(fields, conversation)

    def _found(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None
    ) -> Fields | None:
        """Find the newest one between two branches, in a state or in any."""
        if self._has_none(repository, source=source, target=target):
            return None
        wanted = {None: "all", PullRequestState.OPEN: "open"}.get(state, "closed")
        newest_first = self._api.entries(
            path_of(repository, "pulls"),
            operation=f"look for the pull request of {source} in {repository}",
            # each server takes those of these filters that it knows
            params={"state": wanted, "base_branch": target, "base": target, "head": source},
        )
        for each in newest_first:
            fields = self._api.fields("pull request", each)
            is_wanted = state is None or state_of(fields) is state
            if is_wanted and is_between(fields, source=source, target=target):
                return fields
        return None

    def _has_none(self, repository: str, *, source: str, target: str) -> bool:
        """Tell whether the code host says that there never was one, which spares reading the list.

        It can be asked for any one between two branches, not for the newest.
        """
        if "/" in target or source.partition("/")[0] in _WORDS_OF_ROUTES:
            return False
        try:
            answer = self._api.get(
                path_of(repository, "pulls", target, source),
                operation=f"look for a pull request of {source} in {repository}",
                accept=(HTTPStatus.NOT_FOUND,),
            )
        except ServerError:  # an older server does not know the question, and answers with a page
            return False
        if answer.status != HTTPStatus.NOT_FOUND or not isinstance(answer.body, dict):
            return False
        self._api.repository(repository)  # the same answer comes where that is hidden
        return True

    def _why_refused(self, repository: str, spec: PullRequestSpec, error: ForgeError) -> ForgeError:
        """Return what a refusal to open a pull request means, after a second look."""
        status = error.params.get("status")
        if status == HTTPStatus.CONFLICT:
            other = self._found(
                repository, source=spec.source, target=spec.target, state=PullRequestState.OPEN
            )
            if other is None:
                return error
            number = other.number("number")
            return AlreadyExists(
                f"Pull request #{number} leads from {spec.source} to {spec.target} already.",
                number=number,
            )
        if status not in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
            return error
        if self._api.branch_head(repository, spec.target) is None:
            self._api.repository(repository)
            return RefNotFound(
                f"The target branch {spec.target!r} is not in {repository}.", ref=spec.target
            )
        if self._api.branch_head(repository, spec.source) is None:
            return NotYetConsistent(
                f"{self._api.host} does not show the branch {spec.source!r} (yet)."
            )
        return NotYetConsistent(
            f"{self._api.host} shows the branch {spec.source!r}, and opens no pull request of it yet: "
            f"{error.message}"
        )


def _require_open(pull_request: PullRequest) -> None:
    """Refuse what only an open pull request takes.

    Raises:
        PullRequestNotOpen: It was merged or closed.
    """
    if pull_request.state is not PullRequestState.OPEN:
        raise PullRequestNotOpen(
            f"Pull request #{pull_request.number} is {pull_request.state.value} already.",
            number=pull_request.number,
            state=pull_request.state.value,
        )
