"""Which values a commit's own `.gitattributes` give to attributes of paths.

git itself reads them, from an index that holds nothing else: no file is checked out, so no filter runs. They are a
stranger's input all the same: their number and size are bounded, and so is git's time with their patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from flagstone.forge.git.command import Git
from flagstone.forge.git.paths import stays_inside

NAME = ".gitattributes"
MOST_FILES = 200
LARGEST_FILE = 256 * 1024
_TIME_LIMIT = 10.0
_PATHS_AT_ONCE = 500
_REGULAR = ("100644", "100755")
_UNSAID = "unspecified"


def attribute_values(
    git: Git, fetch: Callable[..., None], commit: str, paths: Iterable[str], names: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Return (path, attribute, value) for each that the commit's files say something of.

    Args:
        git: Standing where the commit's trees can be read.
        fetch: Makes objects readable there, by their ids: the contents of those files.
        commit: Its full id.
        paths: From the repository's root.
        names: The attributes.

    Raises:
        ForgeError: The files cannot be fetched, or git does not get through them in time.
    """
    asked = [path for path in dict.fromkeys(paths) if _can_be_asked(path)]
    found = _attribute_files(git, commit, asked)
    if not found:
        return []
    fetch(*(blob for blob, _ in found))
    small = _small(git, {blob for blob, _ in found})
    entries = [f"100644 {blob}\t{path}\0" for blob, path in found if blob in small]
    apart = git.with_environment(GIT_INDEX_FILE=f"attributes-{commit}")
    apart.run("update-index", "-z", "--index-info", stdin=_raw("".join(entries)))
    done = apart.run(
        "check-attr", "--cached", "-z", "--stdin", *names,
        stdin=_raw("".join(f"{path}\0" for path in asked)), time_limit=_TIME_LIMIT,
    )  # fmt: skip
    fields = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    answers = zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
    return [answer for answer in answers if answer[2] != _UNSAID]


def _attribute_files(git: Git, commit: str, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return (blob, path) of those that bear on the paths: the root's and those of the folders above a path."""
    folders = {""}
    for path in paths:
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[:end]) + "/" for end in range(1, len(parts) + 1))
    wanted = sorted(folder + NAME for folder in folders)
    found = []
    for start in range(0, len(wanted), _PATHS_AT_ONCE):
        names = wanted[start : start + _PATHS_AT_ONCE]
        done = git.run("ls-tree", "-z", "--full-tree", commit, "--", *names)
        for record in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
            head, _, path = record.partition("\t")
            mode, _, rest = head.partition(" ")
            if mode in _REGULAR:
                found.append((rest.rpartition(" ")[2], path))
    return sorted(found, key=_depth)[:MOST_FILES]


def _depth(found: tuple[str, str]) -> int:
    return found[1].count("/")


def _small(git: Git, blobs: Iterable[str]) -> set[str]:
    ids = "\n".join([*blobs, ""]).encode()
    done = git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=ids)
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
