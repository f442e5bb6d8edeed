"""Which names and paths a scaffold may produce; everything else is refused before it is written."""

from __future__ import annotations

import re
import unicodedata

# one end for Kubernetes, DNS, git and every code host; \Z because $ would let a newline through
NAME_PATTERN = re.compile(r"[a-z](?:-?[a-z0-9]){2,62}\Z")
NAME_MAX = 63
LONGEST_SEGMENT = 200
LONGEST_PATH = 1000
# as in Kubernetes and Backstage
_OBJECT_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")
NAME_RULE = "use lower-case letters, digits and single dashes; it starts with a letter and has 3 to 63 characters"

_TEMPLATE_MARKS = ("{{", "}}", "{%", "%}", "{#", "#}")


def name_fault(name: str) -> str | None:
    """Return what is wrong with a service's name, or None."""
    if len(name) <= NAME_MAX and NAME_PATTERN.match(name):
        return None
    return NAME_RULE


def object_name_fault(name: str) -> str | None:
    """Return what is wrong with the name of a template or an entity, or None."""
    if _OBJECT_NAME.match(name):
        return None
    return "use letters and digits, with '-', '_' and '.' between them, 63 characters at the most"


def slug(text: str) -> str:
    """Return a text as lower-case words with dashes between them, '' if nothing of it can stay."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def path_fault(path: str, *, marks: tuple[str, ...] = ()) -> str | None:
    """Return why a path made from answers must not be written, or None.

    Args:
        path: Relative to the run folder, as the template's own rules rendered it.
        marks: The delimiters of the template's language when they are not the usual ones:
            cookiecutter renders a path twice, so none may be left in it.
    """
    if any(mark in path for mark in (*_TEMPLATE_MARKS, *marks)):
        return "holds template marks, which would be rendered a second time"
    if path.startswith("/"):
        return "is absolute"
    # an empty or lone-dot part names no place of its own: the path stays where it was
    return rendered_path_fault("/".join(part for part in path.split("/") if part not in ("", ".")))


def rendered_path_fault(path: str) -> str | None:
    """Return why a path that was rendered once must not be written, or None; an empty part is no fault here."""
    for segment in path.split("/"):
        if segment in (".", "..") or _is_gits_own(segment):
            return f"has the part '{segment}'"
        if fault := control_fault(segment):
            return fault
        if len(segment) > LONGEST_SEGMENT or "\\" in segment:
            return "has a part that no file name may be"
    return None


def written_path_fault(path: str) -> str | None:
    """Return why what was written may not be kept under this path, or None; each part must name something."""
    if len(path) > LONGEST_PATH:
        return f"has more than {LONGEST_PATH} characters"
    if not all(path.split("/")):
        return "has an empty part"
    return rendered_path_fault(path)


def _is_gits_own(segment: str) -> bool:
    """Tell whether git takes a part for its folder on any file system: some skip what is not seen, or shorten names."""
    seen = "".join(char for char in segment if unicodedata.category(char) != "Cf")
    name = seen.casefold().partition(":")[0].rstrip(". ")
    return name == ".git" or name.startswith("git~")


def control_fault(text: str, *, multiline: bool = False) -> str | None:
    """Return why a text cannot be an answer: it hides characters that no person types."""
    allowed = "\n\t" if multiline else ""
    for character in text:
        category = unicodedata.category(character)
        if character in allowed:
            continue
        if category == "Cc" or category in ("Zl", "Zp"):
            if multiline or character not in "\n\r\u2028\u2029":
                return "contains a control character"
            return "must be one line"
        if category == "Cs":
            return "contains half of a character (a lone surrogate)"
    return None
