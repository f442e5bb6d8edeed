"""Which paths a change may write; checked before git is asked, because git drops some silently."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from flagstone.forge.errors import InvalidPath

LONGEST_PATH = 255
# what runs with the repository's own secrets is changed only by those who say that they do
_WORKFLOWS = (
    ".github/workflows",
    ".gitea/workflows",
    ".forgejo/workflows",
    ".gitlab-ci.yml",
    ".woodpecker",
    ".woodpecker.yml",
)
# names that a file system may take for .git or .gitmodules (8.3 names of NTFS)
_SHORT_NAMES = re.compile(r"(?:git|gitmod|gi7eba)~[0-9]+")
_DRIVE = re.compile(r"[A-Za-z]:")


def check_path(path: str, *, allow_workflows: bool = False) -> None:
    """Refuse a path that could leave the repository, reach git's own files, or mean two things.

    Args:
        path: Relative, with forward slashes, as git stores it.
        allow_workflows: Whether files that CI runs may be written.

    Raises:
        InvalidPath: With the reason.
    """
    reason = _fault(path) or ("" if allow_workflows else _workflow_fault(path))
    if reason:
        raise InvalidPath(
            f"The file cannot be written at {path!r}: {reason}.", path=path, reason=reason
        )


def stays_inside(path: str) -> bool:
    """Tell whether a path that was read can be trusted as the name of a file below some folder."""
    parts = path.split("/")
    return not any(not part or part in {".", ".."} or part.casefold() == ".git" for part in parts)


def check_paths(paths: Iterable[str], *, allow_workflows: bool = False) -> None:
    """Check each path, and that no two of them get in each other's way.

    Raises:
        InvalidPath: For the first path at fault.
    """
    seen: dict[str, str] = {}
    for path in sorted(paths):
        check_path(path, allow_workflows=allow_workflows)
        twin = seen.setdefault(path.casefold(), path)
        if twin != path:
            raise _clash(path, twin, "differs from it only by case")
    for folded, path in seen.items():
        for end in (place for place, letter in enumerate(folded) if letter == "/"):
            if folder := seen.get(folded[:end]):
                raise _clash(path, folder, "is a file, so it cannot be a folder as well")


def _clash(path: str, twin: str, how: str) -> InvalidPath:
    return InvalidPath(
        f"The file cannot be written at {path!r}: {twin!r} of the same change {how}.", path=path
    )


def _fault(path: str) -> str:
    for fault, reason in _whole_path_faults(path):
        if fault:
            return reason
    return next((reason for part in path.split("/") if (reason := _part_fault(part))), "")


def _whole_path_faults(path: str) -> Iterable[tuple[bool, str]]:
    categories = {unicodedata.category(letter) for letter in path}
    yield not path, "it is empty"
    yield "Cs" in categories, "it is not valid Unicode"
    yield len(path.encode("utf-8", "replace")) > LONGEST_PATH, f"it is over {LONGEST_PATH} bytes"
    yield bool({"Cc", "Zl", "Zp"} & categories), "it holds a control character or line break"
    yield "Cf" in categories, "it holds an invisible character"
    yield unicodedata.normalize("NFC", path) != path, "it is not in Unicode's composed form (NFC)"
    yield "\\" in path, "it holds a backslash"
    yield path.startswith("/") or bool(_DRIVE.match(path)), "it is absolute"


def _part_fault(part: str) -> str:
    if not part:
        return "it has an empty part between slashes"
    if part in {".", ".."}:
        return f"it has the part {part!r}"
    # Windows ignores trailing dots and spaces, and what follows a colon
    name = part.casefold().split(":", 1)[0].rstrip(". ")
    if name == ".git" or name.startswith("git~"):
        return "it is inside git's own folder"
    if name == ".gitmodules" or _SHORT_NAMES.fullmatch(name):
        return "submodules are not written by Flagstone"
    return ""


def _workflow_fault(path: str) -> str:
    folded = path.casefold()
    if any(folded == place or folded.startswith(place + "/") for place in _WORKFLOWS):
        return "it would run in CI, and this change did not ask for the right to write there"
    return ""
