"""Jobs and steps of CI, whoever runs them: what the checks of CI look at."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.ci.comparisons import goes_on_after_failure, says_failure
from flagstone.scorecards.engine.ci.conditions import Occasion, may_hold, occasions_of_change
from flagstone.scorecards.engine.ci.scripts import Script, plain
from flagstone.scorecards.engine.outcome import Fault
from flagstone.scorecards.engine.yaml_files import YamlFile, text_of

_MAY_FAIL = re.compile(r"\|\|\s*(?:true\b|:(?!\w)|exit\s+0\b|echo\b|printf\b)")
_NAMED = re.compile(r"\$\{\{\s*(inputs|env)\.([\w-]+)\s*\}\}", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Step:
    """One step, wherever it is written: in the workflow, or in an action or workflow that it uses.

    Attributes:
        file: the file that it stands in.
        keys: the way to it in that file.
        run: the program that it runs; "" if it uses an action.
        uses: the action; "" if it runs a program.
        options: what the action is given (`with`).
        env: the variables around it, the innermost first in force.
        inputs: what the `inputs` of its file stand for, as the caller wrote it.
        guards: the conditions (`if`) on it and around it.
        tolerated: its failure stops nothing.
        scripts: the scripts of the repository that it runs.
    """

    file: YamlFile
    keys: Keys
    run: str = ""
    uses: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    guards: tuple[str, ...] = ()
    tolerated: bool = False
    scripts: tuple[Script, ...] = ()

    @property
    def action(self) -> str:
        """The name of its action, without the version, in small letters."""
        return self.uses.partition("@")[0].lower()

    @cached_property
    def program(self) -> str:
        """All that it runs: its own text, the text it hands to an action, and the scripts called."""
        own = [plain(self.run), *(plain(self.options.get(key, "")) for key in ("script",))]
        return "\n".join(filter(None, [*own, *(script.text for script in self.scripts)]))

    @cached_property
    def loose_scripts(self) -> frozenset[str]:
        """The paths of the scripts that are called so that their failure is none (`|| true`)."""
        texts = [plain(self.run), *(script.text for script in self.scripts)]
        loose = [one for text in texts for one in text.splitlines() if _MAY_FAIL.search(one)]
        paths = [script.path for script in self.scripts]
        return frozenset(path for path in paths if any(_named_by(path, one) for one in loose))

    @cached_property
    def binding(self) -> str:
        """The program without the commands that are told to be no failure."""
        own = plain(self.run)
        if goes_on_after_failure(own) and not says_failure(own):
            own = own.strip().rpartition("\n")[2]  # only the last command's failure is the step's
        texts = [own, plain(self.options.get("script", ""))]
        texts += [one.text for one in self.scripts if one.path not in self.loose_scripts]
        lines = (line for text in texts for line in text.splitlines())
        return "\n".join(line for line in lines if not _MAY_FAIL.search(line))

    @cached_property
    def words(self) -> str:
        """The program with the conditions and variables that it depends on."""
        return "\n".join([self.program, *self.guards, *self.env.values(), *self.options.values()])

    def literal(self, text: str) -> str:
        """A text with the plain values of `inputs` and `env` in place of the expressions for them."""

        def value(found: re.Match[str]) -> str:
            known = {"inputs": self.inputs, "env": self.env}[found[1].lower()]
            given = known.get(found[2], "${{")
            return found[0] if "${{" in given else given

        return _NAMED.sub(value, text)

    def may_run(self, occasion: Occasion) -> bool:
        """Whether no condition around it keeps it from running then."""
        return all(may_hold(guard, occasion, self.inputs) for guard in self.guards)

    def fault(self, message: str, *keys: str | int) -> Fault:
        return self.file.fault(message, *self.keys, *keys)


@dataclass(frozen=True, eq=False)
class Job:
    """One job.

    Attributes:
        name: its key.
        file: the file that it stands in.
        keys: the way to it in that file.
        raw: the job itself.
        steps: its steps, those of local actions among them.
        needs: the jobs before it.
        on_change: runs for a pull request or merge request.
        scheduled: runs by the clock.
        triggers: the events of the workflow that was started.
        unseen: what it uses of other repositories that nobody here can look into.
    """

    name: str
    file: YamlFile
    keys: Keys
    raw: Mapping[str, Any]
    steps: tuple[Step, ...]
    needs: tuple[str, ...]
    on_change: bool
    scheduled: bool
    triggers: Mapping[str, Any] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    @property
    def tolerated(self) -> bool:
        return is_set(self.raw.get("continue-on-error")) or self.raw.get("allow_failure") is True

    def runs_for_change(self, step: Step) -> bool:
        """Whether a step may run for every commit of a plain proposed change."""
        if not self.triggers:
            return self.on_change
        return any(
            all(step.may_run(occasion) for occasion in occasions)
            for occasions in occasions_of_change(self.triggers)
        )

    def runs_by_clock(self, step: Step) -> bool:
        return self.scheduled and (not self.triggers or step.may_run(Occasion("schedule")))

    def fault(self, message: str, *keys: str | int) -> Fault:
        return self.file.fault(message, *self.keys, *keys)


@dataclass(frozen=True, eq=False)
class Pipeline:
    """One file that starts jobs.

    Attributes:
        file: it.
        host: `github` or `gitlab`.
        folder: the root of its repository.
        triggers: the events that start it, by name; of GitLab none.
        jobs: its jobs, and those of the local workflows that it calls.
        unseen: what it includes from elsewhere.
    """

    file: YamlFile
    host: str
    folder: str
    triggers: Mapping[str, Any]
    jobs: tuple[Job, ...]
    unseen: tuple[str, ...] = ()

    @property
    def own_jobs(self) -> Iterator[Job]:
        return (job for job in self.jobs if job.file is self.file)

    @property
    def on_change(self) -> bool:
        return any(job.on_change for job in self.jobs)


def _named_by(path: str, command: str) -> bool:
    """Whether a command names a script, or the target of a Makefile behind `#`."""
    file, _, target = path.partition("#")
    return (target or posixpath.basename(file)) in re.split(r"[\s/'\"]+", command)


def is_set(value: Any) -> bool:
    """Whether a setting of a step or job is true, also if it is written as an expression."""
    return text_of(value).strip("${} ").lower() == "true"
