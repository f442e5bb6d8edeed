"""What can go wrong with a policy: it cannot be loaded, or it cannot be evaluated on an object."""

from __future__ import annotations

from typing import Self

from flagstone.core.errors import UserError


class PolicyError(UserError):
    """A template or constraint that cannot be used, or not on this object.

    Args:
        reason: what is wrong, in words; the engine's own where it has some.
        path: the file of the template or constraint.
        line: its line there, if known.
        policy: the template's name, "" if not even that is known.
        constraint: the constraint's name, "" if the template itself is at fault.
    """

    default_code = "policy.broken"

    def __init__(
        self,
        reason: str,
        *,
        path: str,
        line: int | None = None,
        policy: str = "",
        constraint: str = "",
    ) -> None:
        place = f"{path}:{line}" if line else path
        named = " / ".join(part for part in (policy, constraint) if part)
        super().__init__(
            f"{place}: {named}: {reason}" if named else f"{place}: {reason}",
            path=path,
            line=line,
            policy=policy,
            constraint=constraint,
            reason=reason,
        )
        self.reason = reason
        self.path = path
        self.line = line
        self.policy = policy
        self.constraint = constraint

    def of_constraint(self, name: str) -> Self:
        """The same error, with the constraint that was being evaluated."""
        return type(self)(
            self.reason, path=self.path, line=self.line, policy=self.policy, constraint=name
        )


class NoMessage(PolicyError):
    """A policy holds something against an object, and does not say what."""


class InvalidParameters(PolicyError):
    """A constraint that does not fit the schema of its template."""

    default_code = "policy.invalid_parameters"


class NotEvaluated(PolicyError):
    """Nothing is wrong with the policy, but it needs what is not here: CEL, an inventory, a label.

    Its answer for the object is not known: neither a violation nor none.
    """

    default_code = "policy.not_evaluated"


class LimitExceeded(NotEvaluated):
    """A policy of others went over a limit of time, memory or depth; its answer is not known."""

    default_code = "policy.limit"


class EngineMissing(UserError):
    """What evaluates policies cannot be started or reached."""

    default_code = "policy.engine_missing"
