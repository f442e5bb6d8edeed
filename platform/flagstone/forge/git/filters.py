"""Files that a repository wants passed through a filter, such as Git LFS, before they are stored.

Flagstone runs no filter, so such a file would be stored as it is: where LFS expects a pointer, or in plain text
where everybody believes it to be encrypted.
"""

from __future__ import annotations

from collections.abc import Callable

from flagstone.forge.errors import InvalidPath
from flagstone.forge.git.attribute_files import NAME, attribute_values
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.command import Git

# a filter of another name may only tidy up, and git stores files without it where it is not installed
_NEEDED = ("lfs", "git-crypt", "crypt", "sops")
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"


def check_filters(git: Git, commit: str, changes: ChangeSet, *, fetch: Callable[..., None]) -> None:
    """Refuse a commit with a file that should have passed through a filter first.

    Args:
        git: Standing where the commit lies.
        commit: What was built.
        changes: What it writes.
        fetch: Makes objects of the commit before readable there, by their ids.

    Raises:
        InvalidPath: With the file and the filter.
    """
    written = {path: content for path, content in changes.files.items() if content is not None}
    own = {content.blob_id for path, content in written.items() if path.endswith(NAME)}

    def fetch_others(*blobs: str) -> None:
        fetch(*(blob for blob in blobs if blob not in own))

    for path, _, value in attribute_values(git, fetch_others, commit, written, ("filter",)):
        if value.startswith(_NEEDED) and not written[path].data.startswith(_LFS_POINTER):
            raise InvalidPath(
                f"{path!r} has to pass through the filter {value!r}, as a {NAME} file of the "
                "repository says; Flagstone runs no filters. Write it elsewhere, or change that rule.",
                path=path,
                filter=value,
            )
