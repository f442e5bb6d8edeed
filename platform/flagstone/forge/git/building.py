"""Builds a commit without index and work tree, proves that it does what was meant, and signs it."""

from __future__ import annotations

from collections.abc import Callable

from flagstone.forge.git.bare import BUILT
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.command import Git
from flagstone.forge.git.commits import (
    EMPTY_TREE,
    CommitMeta,
    check_differences,
    check_first,
    fast_import_stream,
    parse_raw_differences,
)
from flagstone.forge.git.filters import check_filters
from flagstone.forge.git.signing import SigningKey


def build(
    git: Git,
    base: str | None,
    changes: ChangeSet,
    meta: CommitMeta,
    *,
    fetch: Callable[..., None],
) -> str:
    """Build the commit on a base that lies here, or on none, and return its id.

    Args:
        git: Standing where the base can be read.
        base: The parent's id.
        changes: The files.
        meta: The people and the words.
        fetch: Makes objects of the base readable there, by their ids.

    Raises:
        EmptyChange: The base already is as wanted.
        InvalidPath: The commit would differ from the base in another way than meant, or a file in it would not
            be what the repository's own rules make of such a file.
    """
    stream = fast_import_stream(changes, meta, ref=BUILT, base=base)
    done = git.run("fast-import", "--quiet", "--done", "--force", stdin=stream)
    sha = done.stdout.decode().strip()
    before = base or EMPTY_TREE
    raw = git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", before, sha)
    differences = parse_raw_differences(raw.stdout)
    if base is None:
        check_first(changes, differences)
    else:
        check_differences(changes, differences)
    check_filters(git, sha, changes, fetch=fetch)
    return _sign(git, sha, meta.signing_key) if meta.signing_key else sha


def _sign(git: Git, sha: str, key: SigningKey) -> str:
    """Store the same commit with a signature, and return its id; fast-import knows no signatures."""
    unsigned = git.run("cat-file", "commit", sha).stdout
    done = git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=key.signed(unsigned))
    return done.stdout.decode().strip()
