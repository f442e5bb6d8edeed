"""Jobs and steps of CI, whoever runs them: what the checks of CI look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.ci.scripts import Script, plain
from flagstone.scorecards.engine.outcome import Fault
from flagstone.scorecards.engine.yaml_files import YamlFile, text_of


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
    def words(self) -> str:
        """The program with the conditions and variables that it depends on."""
        return "\n".join([self.program, *self.guards, *self.env.values(), *self.options.values()])

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
        return text_of(self.raw.get("continue-on-error")) == "true" or (
            self.raw.get("allow_failure") is True
        )

    @property
    def never_runs(self) -> bool:
        return text_of(self.raw.get("if")).strip("${} ") == "false"

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
