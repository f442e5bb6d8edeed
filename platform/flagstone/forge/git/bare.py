"""The empty bare repository that a workspace begins as, laid out by hand: `git init` would be one more process."""

from __future__ import annotations

from pathlib import Path

from flagstone.forge.git.remotes import GitRemote

# what is built here stands on this branch, which is never pushed under its own name
BUILT = "refs/flagstone/built"
_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = true
"""
# what git fetches later by itself, it asks of this remote. Nothing is said of what is here already: who has a
# commit is not sent a file of it that was left away
_PARTIAL_CONFIG = """[core]
\trepositoryformatversion = 1
\tbare = true
[extensions]
\tpartialClone = origin
[remote "origin"]
\turl = {url}
\tpromisor = true
\tpartialCloneFilter = blob:none
[fetch]
\tnegotiationAlgorithm = noop
"""


def make_bare(repository: Path, remote: GitRemote) -> None:
    """Lay out a repository that reads from the remote: in place where it can, by fetching elsewhere.

    Raises:
        OSError: There is no room.
    """
    for folder in ("objects/info", "refs"):
        (repository / folder).mkdir(parents=True)
    (repository / "HEAD").write_text(f"ref: {BUILT}\n")
    if remote.objects is not None:
        (repository / "objects/info/alternates").write_text(f"{remote.objects}\n")
        (repository / "config").write_text(_CONFIG)
    else:
        (repository / "config").write_text(_PARTIAL_CONFIG.format(url=remote.url))
