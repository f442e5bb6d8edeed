"""Where pull requests stand in git: their description knows two commits, and not always the newest."""

from __future__ import annotations

from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.hosts.pagure.api import Branches, PagureApi
from flagstone.forge.hosts.pagure.codec import Standing, origin_of, state_of
from flagstone.forge.hosts.rest.fields import Fields

# commits of the target branch after a merge, among which the merge is looked for
_MOST_STEPS = 50


class PagureStandings:
    def __init__(self, api: PagureApi) -> None:
        self._api = api

    def of(self, repository: str, fields: Fields, branches: Branches | None = None) -> Standing:
        """Look where a pull request stands.

        Args:
            repository: Where it is.
            fields: Its description.
            branches: Of the repository, where they were just read.
        """
        first = fields.optional_text("commit_start")
        info = self._api.commit(repository, first) if first else None
        began_at = info.at if info else None
        parent = info.parents[0] if info and info.parents else ""
        state = state_of(fields)
        last = fields.optional_text("commit_stop") or ""
        if state is PullRequestState.CLOSED:
            return Standing(last, parent, began_at=began_at)
        branches = branches or self._api.branches(repository)
        base = branches.heads.get(fields.text("branch"), "")
        if state is PullRequestState.OPEN:
            head = self._head(repository, fields, branches) or last
            return Standing(head, base, began_at=began_at)
        merge, before = self._merge(repository, base, last) if base and last else ("", "")
        return Standing(last, before or parent, merge, began_at)

    def _head(self, repository: str, fields: Fields, branches: Branches) -> str:
        """Return the commit of the source branch, "" where it is gone or elsewhere.

        The description learns of a push some seconds later.
        """
        origin = origin_of(fields)
        if not origin:
            return ""
        if origin != repository:
            branches = self._api.branches(origin)
        return branches.heads.get(fields.text("branch_from"), "")

    def _merge(self, repository: str, at: str, head: str) -> tuple[str, str]:
        """Return the commit that merged a head, and where the target branch stood before; "" if unknown.

        The code host keeps neither, so the target branch is gone back.
        """
        for _ in range(_MOST_STEPS):
            if at == head:  # merged by moving the branch forward
                return at, ""
            commit = self._api.commit(repository, at)
            if commit is None or not commit.parents:
                break
            if head in commit.parents[1:]:
                return at, commit.parents[0]
            at = commit.parents[0]
        return "", ""
