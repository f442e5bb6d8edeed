"""Reads many files of a commit at once: one listing, one batch, no checkout, no link followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flagstone.forge.errors import RefNotFound, TreeTooLarge
from flagstone.forge.git.command import Git
from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.git.paths import stays_inside
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace

_LINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much one read may take in."""

    files: int = 20_000
    file_bytes: int = 5 * 1024 * 1024
    total_bytes: int = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was not read, and why, in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a folder as one commit has them; paths are from the repository's root."""

    commit: str
    files: Mapping[str, bytes]
    skipped: tuple[SkippedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """What a short look at a repository showed: the paths of all files, and the contents of some."""

    paths: Sequence[str]
    contents: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    mode: str
    blob: str
    size: int


def resolve_commit(git: Git, ref: str, *, name: str) -> str:
    """Return the id of the commit that a ref leads to.

    Raises:
        RefNotFound: There is none.
    """
    done = git.run(
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{ref}^{{commit}}",
        accept=(0, 1, 128),
    )
    sha = done.stdout.decode().strip()
    if done.status != 0 or not sha:
        raise RefNotFound(f"There is no branch, tag or commit {ref!r} in {name}.", ref=ref)
    return sha


def read_tree(git: Git, commit: str, *, prefix: str = "", limits: ReadLimits | None = None) -> Tree:
    """Read every file below a folder.

    Args:
        git: Standing where the commit can be read.
        commit: Its full id.
        prefix: The folder (or one file), from the root; "" for everything.
        limits: What is too much. A file over the limit is skipped and named; too many files, or too much in
            all, is an error, because a part would pass for the whole.

    Raises:
        TreeTooLarge: There are too many files, or too many bytes.
    """
    limits = limits or ReadLimits()
    wanted: list[_Entry] = []
    skipped: list[SkippedFile] = []
    for entry in _list(git, commit, prefix):
        if reason := _unreadable(entry, limits):
            skipped.append(SkippedFile(entry.path, reason))
        else:
            wanted.append(entry)
    _check_sizes(wanted, prefix, limits)
    contents = read_blobs(git, [entry.blob for entry in wanted])
    files = {entry.path: contents[entry.blob] for entry in wanted}
    return Tree(commit, files, tuple(skipped))


def read_files(
    workspace: GitWorkspace, commit: str, paths: Iterable[str], *, limits: ReadLimits | None = None
) -> Tree:
    """Read a few files of a commit, and fetch no other; a path that it does not have is missing.

    Raises:
        TreeTooLarge: There are too many files, or too many bytes.
    """
    limits = limits or ReadLimits()
    asked = sorted(set(paths))
    if not asked:
        return Tree(commit, {})
    workspace.fetch(commit)
    listed = [entry for entry in _list_names(workspace.git, commit, asked) if entry.path in asked]
    skipped = tuple(
        SkippedFile(entry.path, reason)
        for entry in listed
        if (reason := _unreadable(entry, limits))
    )
    refused = {each.path for each in skipped}
    wanted = [entry for entry in listed if entry.path not in refused]
    workspace.fetch_objects(*{entry.blob for entry in wanted})
    contents = read_blobs(workspace.git, [entry.blob for entry in wanted])
    files = {entry.path: contents[entry.blob] for entry in wanted}
    too_large = tuple(
        SkippedFile(
            path, f"{len(content)} bytes: files over {limits.file_bytes} bytes are not read"
        )
        for path, content in files.items()
        if len(content) > limits.file_bytes
    )
    dropped = {each.path for each in too_large}
    kept = {path: content for path, content in files.items() if path not in dropped}
    return Tree(commit, kept, (*skipped, *too_large))


def glance(
    remote: GitRemote, wanted: Callable[[Sequence[str]], Iterable[str]], *, time_limit: float
) -> Glance:
    """Look at the default branch of a repository: its files' names, and no content but the wanted ones.

    Args:
        remote: The repository.
        wanted: Chooses from the paths.
        time_limit: Seconds that one git command may take.

    Raises:
        ForgeError: It is gone, empty, too large, or cannot be read now.
    """
    with GitWorkspace(remote, time_limit=time_limit, limits=ProcessLimits()) as workspace:
        head = workspace.observe().head()
        workspace.fetch(head)
        paths = list_paths(workspace.git, head)
        chosen = list(wanted(paths))
        found = read_files(workspace, head, chosen) if chosen else Tree(head, {})
        return Glance(paths, found.files)


def list_paths(git: Git, commit: str, *, most: int = 100_000) -> list[str]:
    """Return the paths of a commit's files; no content is read.

    Raises:
        TreeTooLarge: There are more than that.
    """
    done = git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    if len(names) > most:
        raise TreeTooLarge(f"There are {len(names)} files in the repository; {most} are the most.")
    return names


def existing_paths(git: Git, commit: str, paths: Iterable[str]) -> set[str]:
    """Return those of the paths that a commit has, as file or folder; no content is read."""
    asked = [path.strip("/") for path in paths]
    if not asked:
        return set()
    done = git.run("ls-tree", "-z", "--name-only", "--full-tree", commit, "--", *asked)
    return {name.decode("utf-8", "surrogateescape") for name in done.stdout.split(b"\0") if name}


def _list(git: Git, commit: str, prefix: str) -> Iterator[_Entry]:
    folder = prefix.strip("/")
    arguments = ["-r", "-z", "-l", "--full-tree", commit]
    done = git.run("ls-tree", *arguments, *(["--", folder] if folder else []))
    for record in done.stdout.split(b"\0"):
        if record:
            head, _, path = record.partition(b"\t")
            mode, _, blob, size = head.decode().split()
            yield _Entry(
                path.decode("utf-8", "surrogateescape"), mode, blob, int(size) if size != "-" else 0
            )


def _list_names(git: Git, commit: str, paths: Sequence[str]) -> Iterator[_Entry]:
    """List files by name; their sizes are not known before their contents are here."""
    done = git.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths)
    for record in filter(None, done.stdout.split(b"\0")):
        head, _, path = record.partition(b"\t")
        mode, _, blob = head.decode().split()
        yield _Entry(path.decode("utf-8", "surrogateescape"), mode, blob, 0)


def _unreadable(entry: _Entry, limits: ReadLimits) -> str:
    if entry.mode == _LINK:
        return "a symbolic link: links are not followed"
    if entry.mode == _SUBMODULE:
        return "a submodule: other repositories are not read from here"
    if entry.size > limits.file_bytes:
        return f"{entry.size} bytes: files over {limits.file_bytes} bytes are not read"
    if not entry.path.isprintable():
        return "its name is not readable text"
    if not stays_inside(entry.path):
        return "its path leads out of the repository"
    return ""


def _check_sizes(entries: list[_Entry], prefix: str, limits: ReadLimits) -> None:
    place = prefix or "the repository"
    if len(entries) > limits.files:
        raise TreeTooLarge(
            f"There are {len(entries)} files in {place}; {limits.files} are the most that are read "
            "at once. Point Flagstone at a smaller folder."
        )
    total = sum(entry.size for entry in entries)
    if total > limits.total_bytes:
        raise TreeTooLarge(
            f"The files in {place} hold {total} bytes; {limits.total_bytes} are the most that are "
            "read at once. Point Flagstone at a smaller folder."
        )


def read_blobs(git: Git, blobs: Iterable[str]) -> dict[str, bytes]:
    """Read the contents of files by their ids, which lie here."""
    asked = list(dict.fromkeys(blobs))
    if not asked:
        return {}
    output = git.run("cat-file", "--batch", stdin="\n".join([*asked, ""]).encode()).stdout
    contents, place = {}, 0
    for blob in asked:
        line_end = output.index(b"\n", place)
        size = int(output[place:line_end].split()[2])
        contents[blob] = output[line_end + 1 : line_end + 1 + size]
        place = line_end + 1 + size + 1
    return contents
