"""`promtool test rules` in the steps of CI: which test files each command runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from flagstone.scorecards.engine.ci.pipelines import Step

_COMMAND = re.compile(r"\bpromtool\s+test\s+rules\b(?P<files>[^\n;|&)`]*)")
_REDIRECTION = re.compile(r"\d?>>?\s*\S+")


@dataclass(frozen=True, eq=False)
class RuleTestCommand:
    """One command; without `files` nobody can say here which it runs: a loop or a variable does."""

    step: Step
    files: tuple[str, ...]

    def runs(self, path: str) -> bool:
        """Whether it may run a test file; the folder that it is started in is not known."""
        parts = path.split("/")
        return not self.files or any(_ends_in(parts, file.split("/")) for file in self.files)


def rule_test_commands(steps: Iterable[Step]) -> list[RuleTestCommand]:
    return [
        RuleTestCommand(step, _files(found["files"]))
        for step in steps
        for found in _COMMAND.finditer(step.binding)
    ]


def _files(text: str) -> tuple[str, ...]:
    words = [word.strip("\"'") for word in _REDIRECTION.sub("", text).split()]
    named = [word for word in words if not word.startswith("-")]
    if any("$" in word or "{" in word for word in named):
        return ()
    return tuple(named)


def _ends_in(parts: list[str], wanted: list[str]) -> bool:
    """Whether a path ends as a pattern says, in which `**` stands for any folders."""
    wanted = [part for part in wanted if part not in {"", ".", ".."}]
    if "**" in wanted:
        wanted = wanted[len(wanted) - wanted[::-1].index("**") :]
    ending = parts[-len(wanted) :] if wanted else []
    return len(ending) == len(wanted) and all(map(fnmatchcase, ending, wanted))
