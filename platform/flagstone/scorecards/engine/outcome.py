"""What one check says about one service: its own words, before waivers and dates are applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.states import Severity, State

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where.

    Attributes:
        message: what is wrong, for the person who will mend it.
        manifest: the object to change; None for a file that is no manifest.
        keys: the way from the object's root to the place.
        container: the container's name, if the fault is in one.
        about: the object to name when it is not the one to change.
        path: the file, when there is no manifest.
        line: the line in `path`.
        absent: rests on something not being there.
        subject: what in the file it is about, by a name that stays when the file gets another; "" if none does.
        severity: how grave this one is, where a check finds graver and lighter things; None: as the check.
    """

    message: str
    manifest: Manifest | None = None
    keys: Keys = ()
    container: str = ""
    about: str = ""
    path: str = ""
    line: int | None = None
    absent: bool = False
    subject: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict.

    Where part of the service is not in view, a verdict that rests on something not being there is
    a guess: evaluation makes `no_data` of a check that does not apply, unless that is `certain`,
    and of `absent` faults.
    """

    state: State
    summary: str
    faults: tuple[Fault, ...] = ()
    certain: bool = True


def passed(summary: str) -> Outcome:
    return Outcome(State.PASS, summary)


def failed(*faults: Fault) -> Outcome:
    return Outcome(State.FAIL, summary_of(faults), faults)


def not_applicable(reason: str, *, certain: bool = False) -> Outcome:
    return Outcome(State.NOT_APPLICABLE, reason, certain=certain)


def no_data(reason: str, faults: Iterable[Fault] = ()) -> Outcome:
    return Outcome(State.NO_DATA, reason, tuple(faults))


def summary_of(faults: Iterable[Fault]) -> str:
    """One sentence for several faults: the first, and how many more there are."""
    messages = list(dict.fromkeys(fault.message for fault in faults))
    if not messages:
        return ""
    return messages[0] if len(messages) == 1 else f"{messages[0]} (and {len(messages) - 1} more)"


@dataclass(slots=True)
class Findings:
    """Collects what a check sees in several objects, and decides at the end.

    A fault outweighs what is unknown, what is unknown outweighs a mere warning: a service with one
    broken route and one that cannot be judged is broken.
    """

    faults: list[Fault] = field(default_factory=list)
    unknown: list[Fault] = field(default_factory=list)
    close: list[Fault] = field(default_factory=list)
    judged: int = 0

    def fault(
        self,
        message: str,
        manifest: Manifest,
        *keys: str | int,
        severity: Severity | None = None,
    ) -> None:
        self.faults.append(Fault(message, manifest, keys, severity=severity))

    def missing(
        self,
        message: str,
        manifest: Manifest,
        *keys: str | int,
        severity: Severity | None = None,
    ) -> None:
        """Something is not there that should be; `manifest` is what needs it."""
        self.faults.append(Fault(message, manifest, keys, absent=True, severity=severity))

    def warn(
        self,
        message: str,
        manifest: Manifest,
        *keys: str | int,
        severity: Severity | None = None,
    ) -> None:
        self.close.append(Fault(message, manifest, keys, severity=severity))

    def cannot_tell(self, message: str, manifest: Manifest, *keys: str | int) -> None:
        self.unknown.append(Fault(message, manifest, keys))

    def verdict(self, good: str, *, nothing: str) -> Outcome:
        """Decide; `nothing` says why the check does not apply when nothing was judged."""
        if self.faults:
            return failed(*self.faults)
        if self.unknown:
            return no_data(summary_of(self.unknown), self.unknown)
        if self.close:
            return Outcome(State.WARN, summary_of(self.close), tuple(self.close))
        return passed(good) if self.judged else not_applicable(nothing)
