"""What to ask a remote for its refs, and what `git ls-remote` answers."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.forge.errors import RefNotFound
from flagstone.forge.git.remotes import HEADS, TAGS, RemoteRefs


def patterns_of(branches: tuple[str, ...]) -> Iterator[str]:
    """Name the refs that a look needs: the branches, and those whose names clash with theirs; all for none."""
    if not branches:
        yield f"{HEADS}*"
    for branch in branches:
        yield HEADS + branch
        yield HEADS + branch + "/*"
        parts = branch.split("/")
        for end in range(1, len(parts)):
            yield HEADS + "/".join(parts[:end])


def read_refs(listing: bytes, *, name: str) -> RemoteRefs:
    """Read the output of `git ls-remote --symref` with HEAD and branches.

    Args:
        listing: The output.
        name: What people call the repository.
    """
    default, heads = "", {}
    for line in listing.decode("utf-8", "replace").splitlines():
        left, _, ref = line.partition("\t")
        if left.startswith("ref: ") and ref == "HEAD":
            default = left.removeprefix(f"ref: {HEADS}")
        elif ref == "HEAD" and default:
            heads[default] = left
        elif ref.startswith(HEADS):
            heads[ref.removeprefix(HEADS)] = left
    return RemoteRefs(name, default, heads)


def refs_called(ref: str) -> tuple[str, ...]:
    """Return the full names that a branch or tag may have, HEAD for '', the likeliest first.

    A tag with a message is an object of its own; with ^{} it is the commit that it names.
    """
    return (f"{HEADS}{ref}", f"{TAGS}{ref}^{{}}", f"{TAGS}{ref}") if ref else ("HEAD",)


def pick_commit(listing: bytes, ref: str, *, name: str) -> str:
    """Return the commit of the first of `refs_called` that a listing has.

    Raises:
        RefNotFound: It has none of them.
    """
    lines = (line.split("\t") for line in listing.decode("utf-8", "replace").splitlines())
    found = {full: commit for commit, full in lines}
    for full in refs_called(ref):
        if full in found:
            return found[full]
    what = f"no branch and no tag {ref!r}" if ref else "no commit yet"
    raise RefNotFound(f"The repository {name} has {what}.", ref=ref)
