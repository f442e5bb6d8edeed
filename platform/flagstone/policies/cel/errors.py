"""What ends a CEL expression without a value."""

from __future__ import annotations


class CelError(Exception):
    """The expression has no value for this input; `&&` and `||` may still decide without it."""


class NotHere(CelError):
    """What the expression asks for exists only in a cluster."""


class CelSyntaxError(Exception):
    """It is no expression, or names what does not exist.

    Args:
        reason: what is wrong.
        line: the 1-based line in the expression.
        unknown: whether it may be right in a newer cluster: a function that is not known here.
    """

    def __init__(self, reason: str, line: int = 1, *, unknown: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.unknown = unknown
