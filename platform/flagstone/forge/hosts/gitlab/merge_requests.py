"""Everything that is asked of the merge requests of one GitLab."""

from __future__ import annotations

from flagstone.forge.hosts.base import PullRequest, PullRequestSpec
from flagstone.forge.hosts.gitlab.changing import GitLabChanges
from flagstone.forge.hosts.gitlab.opening import open_merge_request


class GitLabMergeRequests(GitLabChanges):
    def create(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        return open_merge_request(self._api, self, repository, spec)
