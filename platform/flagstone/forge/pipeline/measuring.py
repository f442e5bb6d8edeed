"""How large a pull request is, and when work on it began; read once for each head that it gets."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError, RateLimited
from flagstone.forge.git.attributes import read_marks
from flagstone.forge.git.history import began_at
from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.git.sizes import NO_MARKS, FileSize, Marks, measure
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import Forge, PullRequest
from flagstone.forge.models import Repository
from flagstone.forge.pipeline.marking import marks_at

logger = logging.getLogger(__name__)

# seconds for one git command: the numbers are good without it, only not as good
_PATIENCE = 30.0


def measure_pull_request(
    repository: Repository, found: PullRequest, forge: Forge | None = None
) -> dict[str, Any]:
    """Return the fields of our row that tell its size and beginning.

    A difference that cannot be told leaves the size unknown, so that it is tried again.

    Args:
        repository: Where it is.
        found: The code host's description.
        forge: Whom to ask; a connection of its own when left out.

    Raises:
        RateLimited: Not now; who reads many would leave all the rest without a size.
    """
    forge = forge or connect(repository.host)
    try:
        files = forge.changed_files(repository.full_name, found.number)
    except RateLimited:
        raise
    except ForgeError as error:
        logger.warning("cannot measure %s#%s: %s", repository, found.number, error)
        return {}
    size = measure(files, _marks(forge, repository, found, files))
    return _beginning(forge, repository, found) | {
        "additions": size.additions,
        "deletions": size.deletions,
        "files": size.files,
        "size": size.written_lines,
        "measured_commit": found.head,
    }


def _marks(
    forge: Forge, repository: Repository, found: PullRequest, files: Iterable[FileSize]
) -> Marks:
    """Read what the target branch's `.gitattributes` say of the files; nothing where they cannot be read."""

    def read(paths: list[str]) -> Marks:
        remote = forge.git_remote(repository.full_name)
        with GitWorkspace(remote, time_limit=_PATIENCE, limits=ProcessLimits()) as workspace:
            workspace.fetch(found.base)
            return read_marks(workspace, found.base, paths)

    try:
        return marks_at(repository, found.base, (file.path for file in files), read)
    except ForgeError as error:
        logger.warning("cannot read .gitattributes of %s: %s", repository, error)
        return NO_MARKS


def _beginning(forge: Forge, repository: Repository, found: PullRequest) -> dict[str, Any]:
    """Tell when the branch began from its commits, where the code host does not and they lie on this machine."""
    if found.began_at is not None:
        return {}
    try:
        remote = forge.git_remote(repository.full_name)
        if remote.objects is None:
            return {}
        with GitWorkspace(remote, time_limit=_PATIENCE) as workspace:
            began = began_at(workspace.git, found.base, found.head)
    except ForgeError as error:
        logger.warning("cannot tell when %s#%s began: %s", repository, found.number, error)
        return {}
    # all commits are later where the first ones were made anew, or by a clock that is ahead
    return {"began_at": min(began, found.opened_at)} if began else {}
