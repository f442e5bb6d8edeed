"""What checks say of a commit."""

from __future__ import annotations

from http import HTTPStatus

from flagstone.forge.errors import RefNotFound, RepositoryGone
from flagstone.forge.hosts.base import CommitStatus
from flagstone.forge.hosts.gitlab.api import GitLabApi, path_of
from flagstone.forge.hosts.gitlab.codec import HOST_STATUSES, read_status
from flagstone.forge.hosts.rest.transport import Answer

_LONGEST_DESCRIPTION = 255


class GitLabStatuses:
    def __init__(self, api: GitLabApi) -> None:
        self._api = api

    def of(self, repository: str, commit: str, *, context: str = "") -> dict[str, CommitStatus]:
        """Return each check's last word, or that of one check alone."""
        words = self._api.entries(
            path_of(repository, "repository", "commits", commit, "statuses"),
            operation=f"read what checks say of {commit[:12]} in {repository}",
            what="commit status",
            params={"name": context} if context else None,
        )
        # a check may have run in several pipelines, and two words be of the same second
        in_order = sorted(words, key=lambda word: word.number("id"))
        return {status.context: status for status in map(read_status, in_order)}

    def set(self, repository: str, commit: str, status: CommitStatus) -> None:
        description = status.description[:_LONGEST_DESCRIPTION]
        last = self.of(repository, commit, context=status.context).get(status.context)
        said = (HOST_STATUSES[status.state], description, status.url)
        if last and (HOST_STATUSES[last.state], last.description, last.url) == said:
            return
        answer = self._write(repository, commit, status, description)
        if answer.status == HTTPStatus.BAD_REQUEST:
            # GitLab takes no word that leaves a check where it is, however it describes it
            last = self.of(repository, commit, context=status.context).get(status.context)
            if last is None or HOST_STATUSES[last.state] != HOST_STATUSES[status.state]:
                raise self._api.refusal(answer, f"say {status.context} of {commit[:12]}")

    def _write(
        self, repository: str, commit: str, status: CommitStatus, description: str
    ) -> Answer:
        payload = {
            "state": HOST_STATUSES[status.state],
            "name": status.context,
            "description": description,
        }
        if status.url:
            payload["target_url"] = status.url
        try:
            return self._api.write(
                "POST",
                repository,
                "statuses",
                commit,
                operation=f"say {status.context} of {commit[:12]} in {repository}",
                payload=payload,
                accept=(HTTPStatus.BAD_REQUEST,),
            )
        except RepositoryGone as error:
            self._api.project(repository)  # the same answer comes where that is hidden
            raise RefNotFound(
                f"The commit {commit[:12]} is on no branch of {repository}, so {self._api.host} takes "
                "no status of it.",
                ref=commit,
            ) from error
