"""A repository at a code host that is reached over HTTP, with a credential."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import Commit, GitWorkspace
from flagstone.forge.hosts.rest.remotes import http_remote
from tests.forge.repositories import change_set, git, meta
from tests.git_http import GitRequest, GitServer

BRANCH = "flagstone/add-1234abcd"
# the credential that must be found nowhere
TOKEN = "canary-7f3a9c"


@dataclass(frozen=True)
class HttpHost:
    """The server, and the repository `acme/gitops` on its disk."""

    server: GitServer
    bare: Path

    def remote(
        self, name: str = "acme/gitops", *, user: str = "bot", token: str = TOKEN
    ) -> GitRemote:
        return http_remote(self.server.url, name, user=user, token=token)

    def branches(self) -> dict[str, str]:
        """Return what the disk has, whatever the server says."""
        lines = git(
            self.bare, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"
        )
        return dict(line.split() for line in lines.splitlines())

    def pushes(self) -> list[GitRequest]:
        """Return the requests that carried something to be written."""
        return self.server.sent("POST /acme/gitops.git/git-receive-pack")


def build(workspace: GitWorkspace, text: str = "1", *, base: str = "") -> Commit:
    """Build a commit that writes one file, on the default branch unless a base is named."""
    base = base or workspace.observe("main").head()
    return workspace.build_commit(base, change_set({"a": text}), meta("Write a"))
