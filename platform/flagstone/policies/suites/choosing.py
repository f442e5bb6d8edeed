"""`--run`: which tests and cases are meant, as gator understands the pattern."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.core.errors import UserError
from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.functions.patterns import compiled, search
from flagstone.policies.suites.suites import Test


@dataclass(frozen=True, slots=True)
class Choice:
    """Tells whether a test, and a case in it, is to be run.

    Attributes:
        test: the pattern of tests.
        case: the pattern of cases, None if the one pattern is for either.
    """

    test: str
    case: str | None

    def has_test(self, test: Test) -> bool:
        if self.case is not None:
            return _found(self.test, test.name)
        return any(_found(self.test, name) for name in (test.name, *(c.name for c in test.cases)))

    def has_case(self, test: str, case: str) -> bool:
        if self.case is not None:
            return _found(self.test, test) and _found(self.case, case)
        return _found(self.test, test) or _found(self.test, case)


def chosen(pattern: str) -> Choice:
    """Read a pattern: `test//case`, or one for either name; "" is everything.

    Raises:
        UserError: it is no pattern.
    """
    test, *rest = pattern.split("//")
    if len(rest) > 1:
        raise UserError(f'--run {pattern}: a filter may have at most one "//"')
    try:
        for part in (test, *rest):
            compiled(part)
    except CelError as error:
        raise UserError(f"--run: {error}") from None
    return Choice(test, rest[0] if rest else None)


def _found(pattern: str, text: str) -> bool:
    return search(pattern, text) is not None
