"""GitHub workflows: what starts them, their jobs, and the local workflows and actions they use."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.ci.conditions import CHANGE_EVENTS
from flagstone.scorecards.engine.ci.pipelines import Job, Pipeline, Step, is_set
from flagstone.scorecards.engine.ci.scripts import called_scripts
from flagstone.scorecards.engine.yaml_files import YamlFile, read_yaml, text_of, texts_of

_PATIENCE = (
    2_000  # steps of one workflow, with all that it uses: a bound for what uses itself twice
)
_DEEPEST = 5
_ACTION_FILES = ("action.yml", "action.yaml")
_WORKSPACES = ("${{ github.workspace }}/", "${{github.workspace}}/", "$GITHUB_WORKSPACE/")


def read_workflow(snapshot: Snapshot, path: str, folder: str) -> Pipeline:
    """Read one workflow of the repository whose root is `folder`."""
    file = read_yaml(snapshot, path)
    triggers = triggers_of(file)
    reader = _Reader(snapshot, folder, triggers)
    jobs = tuple(reader.jobs(file, _Around(chain=(path,))))
    return Pipeline(file, "github", folder, triggers, jobs)


def triggers_of(file: YamlFile) -> dict[str, Any]:
    """The events of `on`, which YAML 1.1 reads as true, by name."""
    value = file.value.get("on", file.value.get("true"))
    if isinstance(value, str):
        return {value: None}
    if isinstance(value, list):
        return {item: None for item in value if isinstance(item, str)}
    return mapping(value)


def _defaults(holder: object) -> dict[str, str]:
    """What the inputs of a workflow or action stand for where the caller gives none."""
    inputs = mapping(mapping(holder).get("inputs"))
    return texts_of(
        {name: mapping(one)["default"] for name, one in inputs.items() if "default" in mapping(one)}
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds around a job or step from outside: files that led here, variables, conditions."""

    chain: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    guards: tuple[str, ...] = ()
    tolerated: bool = False
    directory: str = ""

    def inside(self, raw: Mapping[str, Any], *, env: Mapping[str, str]) -> _Around:
        condition = text_of(raw.get("if"))
        guards = (*self.guards, condition) if condition else self.guards
        tolerated = self.tolerated or is_set(raw.get("continue-on-error"))
        defaults = mapping(mapping(raw.get("defaults")).get("run"))
        directory = text_of(defaults.get("working-directory")) or self.directory
        return _Around(self.chain, {**self.env, **env}, self.inputs, guards, tolerated, directory)

    def called(self, path: str, given: Mapping[str, str]) -> _Around:
        of_here = tuple(guard for guard in self.guards if "inputs." not in guard.lower())
        return _Around((*self.chain, path), {}, given, of_here, self.tolerated, "")


class _Reader:
    """Follows one workflow; `left` is how many more steps it may look at."""

    def __init__(self, snapshot: Snapshot, folder: str, triggers: Mapping[str, Any]) -> None:
        self.snapshot = snapshot
        self.folder = folder
        self.triggers = triggers
        self.left = _PATIENCE
        self.files: dict[str, YamlFile] = {}

    def jobs(self, file: YamlFile, around: _Around) -> Iterator[Job]:
        around = around.inside(file.value, env=texts_of(file.value.get("env")))
        for name, value in mapping(file.value.get("jobs")).items():
            raw, keys = mapping(value), ("jobs", name)
            self.left -= 1
            if self.left < 0 or not raw:
                continue
            inner = around.inside(raw, env=texts_of(raw.get("env")))
            used = text_of(raw.get("uses"))
            local = self._local(used, around.chain)
            unseen = (used,) if used and not local and not used.startswith("./") else ()
            steps = tuple(self._steps(file, sequence(raw.get("steps")), (*keys, "steps"), inner))
            yield self._job(name, file, keys, raw, steps, unseen)
            if local:
                workflow = self._read(local)
                given = _defaults(triggers_of(workflow).get("workflow_call"))
                called = inner.called(local, {**given, **texts_of(raw.get("with"))})
                yield from self.jobs(workflow, called)

    def _job(
        self,
        name: str,
        file: YamlFile,
        keys: Keys,
        raw: Mapping[str, Any],
        steps: tuple[Step, ...],
        unseen: tuple[str, ...],
    ) -> Job:
        needs = raw.get("needs")
        return Job(
            name=name,
            file=file,
            keys=keys,
            raw=raw,
            steps=steps,
            needs=tuple(
                n
                for n in ([needs] if isinstance(needs, str) else sequence(needs))
                if isinstance(n, str)
            ),
            on_change=not CHANGE_EVENTS.isdisjoint(self.triggers),
            scheduled="schedule" in self.triggers,
            triggers=self.triggers,
            unseen=unseen,
        )

    def _steps(
        self, file: YamlFile, steps: list[Any], keys: Keys, around: _Around
    ) -> Iterator[Step]:
        for number, value in enumerate(steps):
            raw = mapping(value)
            self.left -= 1
            if self.left < 0:
                return
            step = self._step(file, raw, (*keys, number), around)
            yield step
            if local := self._local_action(step.uses, around.chain):
                action = self._read(local)
                given = {**_defaults(action.value), **step.options}
                inner = around.inside(raw, env=step.env).called(local, given)
                runs = mapping(action.value.get("runs"))
                yield from self._steps(
                    action, sequence(runs.get("steps")), ("runs", "steps"), inner
                )

    def _step(self, file: YamlFile, raw: Mapping[str, Any], keys: Keys, around: _Around) -> Step:
        inner = around.inside(raw, env=texts_of(raw.get("env")))
        run, options = text_of(raw.get("run")), texts_of(raw.get("with"))
        directory = text_of(raw.get("working-directory")) or inner.directory
        places = tuple(dict.fromkeys((posixpath.join(self.folder, directory), self.folder)))
        program = "\n".join(filter(None, (run, options.get("script"), text_of(raw.get("uses")))))
        for workspace in _WORKSPACES:
            program = program.replace(workspace, "")
        return Step(
            file=file,
            keys=keys,
            run=run,
            uses=text_of(raw.get("uses")),
            options=options,
            env=inner.env,
            inputs=around.inputs,
            guards=inner.guards,
            tolerated=inner.tolerated,
            scripts=tuple(called_scripts(self.snapshot, program, places)),
        )

    def _local(self, uses: str, chain: tuple[str, ...]) -> str:
        """The path of a workflow of this repository; "" for one of another, or a circle."""
        if not uses.startswith("./") or len(chain) > _DEEPEST:
            return ""
        path = posixpath.normpath(posixpath.join(self.folder, uses.partition("@")[0]))
        return path if self.snapshot.exists(path) and path not in chain else ""

    def _local_action(self, uses: str, chain: tuple[str, ...]) -> str:
        if not uses.startswith("./") or len(chain) > _DEEPEST:
            return ""
        folder = posixpath.normpath(posixpath.join(self.folder, uses))
        paths = (posixpath.join(folder, name) for name in _ACTION_FILES)
        return next((p for p in paths if self.snapshot.exists(p) and p not in chain), "")

    def _read(self, path: str) -> YamlFile:
        if path not in self.files:
            self.files[path] = read_yaml(self.snapshot, path)
        return self.files[path]
