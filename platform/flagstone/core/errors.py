"""The errors that people see: what happened, where, what to do next.

Each has a stable `code` that interfaces map and tests assert on; the words may change, the code may not.
"""

from __future__ import annotations

from typing import ClassVar


class FlagstoneError(Exception):
    """Root of every error that Flagstone raises on purpose.

    Args:
        message: A sentence for people: what happened, where, what to do next. Never a secret.
        code: Stable identifier such as `scaffold.name_taken`; the class's own when left out.
        **params: The values behind the message, for machines (JSON-serialisable).
    """

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.params = params


class UserError(FlagstoneError):
    """The person, or their repository, can mend it."""

    default_code = "invalid"


class NotFound(UserError):
    """There is no such thing, or this person may not see it."""

    default_code = "not_found"


class Conflict(UserError):
    """Somebody else was first, or the state does not allow it now."""

    default_code = "conflict"


class Busy(UserError):
    """More is asked for at a time than is given; in a moment it works."""

    default_code = "busy"


class Forbidden(UserError):
    """The person lacks the right."""

    default_code = "forbidden"


class ExternalError(FlagstoneError):
    """Something outside Flagstone failed.

    Args:
        message: As in `FlagstoneError`.
        code: As in `FlagstoneError`.
        retryable: Whether trying again later may help.
        retry_after: Seconds to wait before that, when the other side said so.
        **params: As in `FlagstoneError`.
    """

    default_code = "external"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        **params: object,
    ) -> None:
        super().__init__(message, code=code, **params)
        self.retryable = retryable
        self.retry_after = retry_after
