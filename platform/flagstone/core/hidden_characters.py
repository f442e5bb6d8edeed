"""Characters that steer, turn around or hide text are written out, so that what is read is what is there."""

from __future__ import annotations

import re

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # among them the escape that steers a terminal
_BREAKS = "\u2028\u2029"  # line breaks for some programs and nothing for others
_FORMATS = (  # Unicode's category Cf: direction, zero width, and the letters of the invisible tags
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_NO_CHARACTERS = (
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # half a pair, and what Unicode gives to nobody
)
# a joiner belongs to the script or picture before it; after an ASCII letter it only hides
_STRAY_JOINERS = r"(?<![^\x00-\x7f])[\u200c\u200d]"
_STRAY_RETURNS = r"\r(?!\n|\Z)"
_HIDDEN = re.compile(
    f"[{_CONTROLS}{_BREAKS}{_FORMATS}{_BLANK_LETTERS}{_NO_CHARACTERS}]|{_STRAY_JOINERS}|{_STRAY_RETURNS}"
)
_HIDDEN_OR_BREAK = re.compile(rf"{_HIDDEN.pattern}|[\t\r\n]")


def written_out(text: str) -> str:
    """Return the text with each hidden character as ⟨U+202E⟩; tabs and line ends stay."""
    return text if _is_plain(text) else _HIDDEN.sub(_name, text)


def on_one_line(text: str) -> str:
    """Return a name or a path as one line: tabs and line ends are written out as well."""
    return text if _is_plain(text) else _HIDDEN_OR_BREAK.sub(_name, text)


def _is_plain(text: str) -> bool:
    """Nearly every text is, and asking takes a tenth of the time of looking."""
    return text.isascii() and text.isprintable()


def _name(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\N{MATHEMATICAL LEFT ANGLE BRACKET}U+{code:04X}\N{MATHEMATICAL RIGHT ANGLE BRACKET}"
