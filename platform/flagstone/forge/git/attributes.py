"""What a repository's own `.gitattributes` say of files, in the words of code hosts: generated, vendored.

They are `linguist-generated` and `linguist-vendored`; `linguist-documentation` is left alone, since people write and
read documentation.
"""

from __future__ import annotations

from collections.abc import Iterable

from flagstone.forge.git.attribute_files import attribute_values
from flagstone.forge.git.sizes import NO_MARKS, Marks
from flagstone.forge.git.workspace import GitWorkspace

_ASKED = ("linguist-generated", "linguist-vendored")
_NO = ("unset", "false")


def read_marks(workspace: GitWorkspace, commit: str, paths: Iterable[str]) -> Marks:
    """Return which of the paths the `.gitattributes` files of a commit mark.

    Args:
        workspace: Where the commit was fetched; the files' contents are fetched here, if there are any.
        commit: Its full id. Of a pull request, the one on the target branch: rules that come with a change
            would let its author hide it.
        paths: From the repository's root.

    Raises:
        ForgeError: The files cannot be fetched, or git does not get through them in time.
    """
    answers = attribute_values(workspace.git, workspace.fetch_objects, commit, paths, _ASKED)
    return _marks(answers) if answers else NO_MARKS


def _marks(answers: Iterable[tuple[str, str, str]]) -> Marks:
    """Read (path, attribute, value); as at GitHub, any value but "false" is a yes."""
    left_out, counted = set(), set()
    for path, _, value in answers:
        if value in _NO:
            counted.add(path)
        else:
            left_out.add(path)
    return Marks(frozenset(left_out), frozenset(counted - left_out))
