"""What a repository's own `.gitattributes` say of files, in the words of code hosts: generated, vendored.

They are `linguist-generated` and `linguist-vendored`; `linguist-documentation` is left alone, since people write and
read documentation.

git itself reads them, from an index that holds nothing else: no file is checked out, so no filter runs. They are a
stranger's input all the same: their number and size are bounded, and so is git's time with their patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flagstone.forge.git.paths import stays_inside
from flagstone.forge.git.sizes import NO_MARKS, Marks
from flagstone.forge.git.workspace import GitWorkspace

NAME = ".gitattributes"
MOST_FILES = 200
LARGEST_FILE = 256 * 1024
_TIME_LIMIT = 10.0
_PATHS_AT_ONCE = 500
_REGULAR = ("100644", "100755")
_ASKED = ("linguist-generated", "linguist-vendored")
_UNSAID, _NO = "unspecified", ("unset", "false")


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
    asked = [path for path in dict.fromkeys(paths) if _can_be_asked(path)]
    found = _attribute_files(workspace, commit, asked)
    if not found:
        return NO_MARKS
    workspace.fetch_objects(*(blob for blob, _ in found))
    small = _small(workspace, {blob for blob, _ in found})
    entries = [f"100644 {blob}\t{path}\0" for blob, path in found if blob in small]
    git = workspace.git.with_environment(GIT_INDEX_FILE=f"attributes-{commit}")
    git.run("update-index", "-z", "--index-info", stdin=_raw("".join(entries)))
    done = git.run(
        "check-attr", "--cached", "-z", "--stdin", *_ASKED,
        stdin=_raw("".join(f"{path}\0" for path in asked)), time_limit=_TIME_LIMIT,
    )  # fmt: skip
    fields = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return _marks(zip(fields[0::3], fields[2::3], strict=False))


def _marks(answers: Iterable[tuple[str, str]]) -> Marks:
    """Read (path, value of one attribute); as at GitHub, any value but "false" is a yes."""
    left_out, counted = set(), set()
    for path, value in answers:
        if value in _NO:
            counted.add(path)
        elif value != _UNSAID:
            left_out.add(path)
    return Marks(frozenset(left_out), frozenset(counted - left_out))


def _attribute_files(
    workspace: GitWorkspace, commit: str, paths: Sequence[str]
) -> list[tuple[str, str]]:
    """Return (blob, path) of those that bear on the paths: the root's and those of the folders above a path."""
    folders = {""}
    for path in paths:
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[:end]) + "/" for end in range(1, len(parts) + 1))
    wanted = sorted(folder + NAME for folder in folders)
    found = []
    for start in range(0, len(wanted), _PATHS_AT_ONCE):
        names = wanted[start : start + _PATHS_AT_ONCE]
        done = workspace.git.run("ls-tree", "-z", "--full-tree", commit, "--", *names)
        for record in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
            head, _, path = record.partition("\t")
            mode, _, rest = head.partition(" ")
            if mode in _REGULAR:
                found.append((rest.rpartition(" ")[2], path))
    return sorted(found, key=_depth)[:MOST_FILES]


def _depth(found: tuple[str, str]) -> int:
    return found[1].count("/")


def _small(workspace: GitWorkspace, blobs: Iterable[str]) -> set[str]:
    ids = "\n".join([*blobs, ""]).encode()
    done = workspace.git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=ids)
    sizes = (line.split() for line in done.stdout.decode().splitlines())
    return {blob for blob, size in sizes if size.isdigit() and int(size) <= LARGEST_FILE}


def _can_be_asked(path: str) -> bool:
    """Tell whether git can be asked of a path: it ends at once for one that leads out of the repository."""
    try:
        _raw(path)
    except UnicodeEncodeError:
        return False
    return "\0" not in path and stays_inside(path)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
