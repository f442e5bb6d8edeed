"""A repository at a code host that is reached over HTTP, with a credential."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import Commit, GitWorkspace
from flagstone.forge.hosts.rest.remotes import http_remote
from tests.forge.repositories import change_set, git, meta
from tests.git_http import GitRequest, GitServer
from tests.waiting import comes_true

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


def processes_with(word: str) -> list[str]:
    """Return the command lines of this machine that hold a word."""
    lines = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:  # it has ended
            continue
        if word in line:
            lines.append(line)
    return lines


def all_end(word: str) -> bool:
    """Tell whether the processes with a word in their command line end; the killed ones take a moment."""
    return comes_true(lambda: not processes_with(word))
