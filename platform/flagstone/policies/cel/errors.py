"""What ends a CEL expression without a value."""

from __future__ import annotations

_SHOWN = 60  # characters of a line, on either side of what is wrong


class CelError(Exception):
    """The expression has no value for this input; `&&` and `||` may still decide without it."""


class NotHere(CelError):
    """What the expression asks for exists only in a cluster."""


class CelSyntaxError(Exception):
    """It is no expression, or names what does not exist.

    Args:
        reason: what is wrong.
        at: where in the expression, counted in characters from 0.
        unknown: whether it may be right in a newer cluster: a function that is not known here.

    Attributes:
        text: the expression, once it is known.
    """

    text = ""

    def __init__(self, reason: str, at: int = 0, *, unknown: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at
        self.unknown = unknown

    @property
    def line(self) -> int:
        """The 1-based line in the expression."""
        return self.text.count("\n", 0, self.at) + 1

    @property
    def quoted(self) -> str:
        """The reason, with the line of the expression and the 1-based column in it."""
        if not self.text.strip():
            return self.reason
        begin = self.text.rfind("\n", 0, self.at) + 1
        shown = self.text[begin:].partition("\n")[0]
        column = self.at - begin + 1
        first = max(0, column - _SHOWN)
        part = shown[first : column + _SHOWN].strip()
        before, after = "…" if first else "", "…" if len(shown) > column + _SHOWN else ""
        return f"{self.reason}, at column {column} of `{before}{part}{after}`"
