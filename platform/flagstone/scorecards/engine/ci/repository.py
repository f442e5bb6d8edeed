"""All that a repository says about its CI, read once for every service that shares it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.ci.codeowners import CodeOwners, read_codeowners
from flagstone.scorecards.engine.ci.github import read_workflow
from flagstone.scorecards.engine.ci.gitlab import read_gitlab
from flagstone.scorecards.engine.ci.pipelines import Job, Pipeline, Step
from flagstone.scorecards.engine.ci.rule_test_commands import (
    RuleTestCommand,
    rule_test_commands,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.subjects.artefacts import Artefact

_OTHER_CI = re.compile(
    r"(?:.*/)?(?:Jenkinsfile|azure-pipelines\.ya?ml|bitbucket-pipelines\.yml|\.travis\.yml|\.drone\.yml"
    r"|\.circleci/config\.ya?ml|\.buildkite/pipeline\.ya?ml|\.woodpecker(?:/[^/]+)?\.ya?ml|cloudbuild\.ya?ml"
    r"|\.tekton/[^/]+\.ya?ml|\.forgejo/workflows/[^/]+\.ya?ml|\.gitea/workflows/[^/]+\.ya?ml|appveyor\.yml)"
)


class Ci:
    """The pipelines of one repository.

    Attributes:
        folder: the root of the repository in the snapshot.
        pipelines: one for each file.
    """

    def __init__(self, snapshot: Snapshot, artefacts: tuple[Artefact, ...]) -> None:
        self.snapshot = snapshot
        self.folder = artefacts[0].folder if artefacts else ""
        self.pipelines = tuple(_read(snapshot, artefact) for artefact in artefacts)
        self._outcomes: dict[tuple[str, object], Outcome] = {}

    def once(self, check: str, params: object, judge: Callable[[Ci], Outcome]) -> Outcome:
        """The outcome of a check that is about the repository alone; worked out for its first service."""
        if (check, params) not in self._outcomes:
            self._outcomes[check, params] = judge(self)
        return self._outcomes[check, params]

    @cached_property
    def codeowners(self) -> CodeOwners | None:
        return read_codeowners(self.snapshot, self.folder)

    def within(self, path: str) -> str:
        """A path from the root of the repository."""
        return posixpath.relpath(path, self.folder) if self.folder else path

    @property
    def github(self) -> list[Pipeline]:
        return [pipeline for pipeline in self.pipelines if pipeline.host == "github"]

    def read(self, pipelines: Iterable[Pipeline], found: Findings) -> Iterator[Pipeline]:
        """The pipelines that can be judged, counted; of the others it is noted that they are not known."""
        for pipeline in pipelines:
            if pipeline.file.problem:
                problem = f"it cannot be read: {pipeline.file.problem}"
                found.unknown.append(pipeline.file.fault(problem))
            else:
                found.judged += 1
                yield pipeline

    @property
    def unread(self) -> list[Pipeline]:
        return [pipeline for pipeline in self.pipelines if pipeline.file.problem]

    @property
    def why_unread(self) -> str:
        """The first file that cannot be read, and what to do about it; "" if all were read."""
        return next(
            (f"{one.file.path} cannot be read: {one.file.problem}" for one in self.unread), ""
        )

    @property
    def changes(self) -> list[Job]:
        """The jobs that run for a change that is proposed."""
        return [job for pipeline in self.pipelines for job in pipeline.jobs if job.on_change]

    @cached_property
    def stopping_steps(self) -> list[Step]:
        """The steps for a change that is proposed which stop it when they fail."""
        return [
            step
            for job in self.changes
            if not job.tolerated
            for step in job.steps
            if job.runs_for_change(step) and not step.tolerated
        ]

    @cached_property
    def rule_test_commands(self) -> list[RuleTestCommand]:
        return rule_test_commands(self.stopping_steps)

    @property
    def scheduled(self) -> list[Job]:
        return [job for pipeline in self.pipelines for job in pipeline.jobs if job.scheduled]

    def unseen(self, jobs: list[Job]) -> Iterator[str]:
        """What these jobs use of other repositories, and what their pipelines include."""
        for job in jobs:
            yield from job.unseen
        for pipeline in self.pipelines:
            yield from pipeline.unseen


def other_ci(snapshot: Snapshot) -> str:
    """The definition of another CI than GitHub's and GitLab's; "" if there is none."""
    return next((path for path in snapshot.paths() if _OTHER_CI.fullmatch(path)), "")


def _read(snapshot: Snapshot, artefact: Artefact) -> Pipeline:
    if "/workflows/" in f"/{artefact.path}":
        return read_workflow(snapshot, artefact.path, artefact.folder)
    return read_gitlab(snapshot, artefact.path, artefact.folder)
