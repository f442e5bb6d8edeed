"""How a commit is made: who and why, git's input for it, and the proof that it does what was meant.

The same input gives the same commit, so making it again after a crash changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.errors import EmptyChange, InvalidPath
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.signing import SigningKey

# git knows this one without having it
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_UNFIT_FOR_IDENTITY = re.compile(r"[<>\x00-\x1f\x7f]")
# a line that git or a code host would take for a trailer of ours
_TRAILER_LIKE = re.compile(r"^(?=[\w-]+-(?:by|id|request)\s*:)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Person:
    """Who stands in a commit."""

    name: str
    email: str

    def stamp(self, at: datetime) -> str:
        """Return the identity as it stands in a commit, at this second."""
        name = _UNFIT_FOR_IDENTITY.sub("", self.name).strip(" .,;:'\"") or "unknown"
        email = _UNFIT_FOR_IDENTITY.sub("", self.email).replace(" ", "")
        return f"{name} <{email}> {int(at.timestamp())} +0000"


BOT = Person("Flagstone", "flagstone@noreply.invalid")


@dataclass(frozen=True, slots=True)
class CommitMeta:
    """Who, when and why; `trailers` are ours alone, whatever the body says.

    With a signing key the commit is signed, which a code host shows as verified where it knows the key and the
    committer's address.
    """

    subject: str
    body: str
    author: Person
    at: datetime
    committer: Person = BOT
    trailers: tuple[tuple[str, str], ...] = ()
    signing_key: SigningKey | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a commit's time needs a time zone")

    def message(self) -> str:
        """Return the commit message: subject, body, and the trailers as its last paragraph."""
        subject = " ".join(self.subject.replace("\0", "").split())
        body = "\n".join(self.body.replace("\0", "").splitlines()).strip("\n")
        parts = [subject or "Change files", _TRAILER_LIKE.sub("> ", body)]
        parts.append("\n".join(f"{key}: {' '.join(value.split())}" for key, value in self.trailers))
        return "\n\n".join(part for part in parts if part) + "\n"


def fast_import_stream(
    changes: ChangeSet, meta: CommitMeta, *, ref: str, base: str | None
) -> bytes:
    """Write the whole change as one input of `git fast-import`, which answers with the commit's id.

    Args:
        changes: The files.
        meta: The people and the words.
        ref: Full name of the ref that the commit is put on.
        base: The parent's id; None for a first commit.
    """
    message = meta.message().encode()
    parts = [
        f"commit {ref}\nmark :1\n".encode(),
        f"author {meta.author.stamp(meta.at)}\n".encode(),
        f"committer {meta.committer.stamp(meta.at)}\n".encode(),
        b"data %d\n" % len(message) + message,
    ]
    if base is not None:
        parts.append(f"from {base}\n".encode())
    for path, content in sorted(changes.files.items()):
        quoted = '"' + path.replace('"', '\\"') + '"'  # backslashes are refused before
        if content is None:
            parts.append(f"D {quoted}\n".encode())
        else:
            parts.append(f"M {content.mode} inline {quoted}\n".encode())
            parts.append(b"data %d\n" % len(content.data) + content.data + b"\n")
    parts.append(b"\nget-mark :1\ndone\n")
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of `git diff-tree --raw`."""

    path: str
    old_mode: str
    new_mode: str
    new_blob: str


def parse_raw_differences(output: bytes) -> list[Difference]:
    """Read the output of `git diff-tree -r -z --raw` without rename detection."""
    fields = output.decode("utf-8", "surrogateescape").split("\0")
    found = []
    for head, path in zip(fields[0::2], fields[1::2], strict=False):
        old_mode, new_mode, _, new_blob, _ = head.removeprefix(":").split(" ")
        found.append(Difference(path, old_mode, new_mode, new_blob))
    return found


def check_differences(changes: ChangeSet, differences: list[Difference]) -> None:
    """Prove that a commit does what was meant, and nothing else.

    git replaces a whole folder by a file of its name without a word; this is where it is noticed.

    Raises:
        EmptyChange: There is no difference.
        InvalidPath: A path differs that should not, or in another way than meant.
    """
    if not differences:
        raise EmptyChange("The repository already is as this change wants it; nothing to do.")
    for difference in differences:
        _check_difference(changes, difference)


def check_first(changes: ChangeSet, differences: list[Difference]) -> None:
    """Prove that a first commit, compared with the empty tree, holds every file that was meant, and no other.

    Raises:
        EmptyChange: There is no file.
        InvalidPath: One is missing, or is there in another way than meant.
    """
    check_differences(changes, differences)
    there = {difference.path for difference in differences}
    for path, content in changes.files.items():
        if content is not None and path not in there:
            raise InvalidPath(f"git did not store {path!r}; nothing was pushed.", path=path)


def _check_difference(changes: ChangeSet, difference: Difference) -> None:
    path = difference.path
    if path not in changes.files:
        raise InvalidPath(
            f"The change would also remove or replace {path!r}, which it does not name: "
            "a file takes the place of a folder, or a folder that of a file.",
            path=path,
        )
    if difference.old_mode in {"120000", "160000"}:
        raise InvalidPath(
            f"{path!r} is a symbolic link or submodule in the repository; "
            "Flagstone does not replace those.",
            path=path,
        )
    wanted = changes.files[path]
    expected = (wanted.mode, wanted.blob_id) if wanted else ("000000", "0" * 40)
    if (difference.new_mode, difference.new_blob) != expected:
        raise InvalidPath(f"git did not store {path!r} as it was given; nothing was pushed.")
