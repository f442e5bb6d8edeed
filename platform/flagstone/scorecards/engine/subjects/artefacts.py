"""What a check judges that is no Kubernetes object: workflows, Terraform, dashboards, flags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.flags.flag_files import flag_files
from flagstone.scorecards.engine.flags.source_code import source_files
from flagstone.scorecards.engine.synthetics.canary_modules import canary_folders


class ArtefactKind(StrEnum):
    WORKFLOW = "workflow"
    TERRAFORM = "terraform"
    FLAGS = "flags"
    CODE = "code"
    DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One of them, not yet parsed.

    Attributes:
        kind: what it is.
        path: its file; of what is several files (a Terraform module), their folder.
        folder: where it counts: the services of this folder have it.
        name: what it is called where no service claims it, and what may name its service.
        shared: is everybody's in its folder and below, not one service's.
    """

    kind: ArtefactKind
    path: str
    folder: str
    name: str
    shared: bool = False


Finder = Callable[[Snapshot], Iterable[Artefact]]

_WORKFLOW = re.compile(
    r"(?P<folder>(?:.*/)?)(?:\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml)"
)


def workflows(snapshot: Snapshot) -> Iterator[Artefact]:
    """The files that tell GitHub or GitLab what to run; they are about all that the repository holds."""
    for path in snapshot.paths():
        if found := _WORKFLOW.fullmatch(path):
            folder = found["folder"].rstrip("/")
            name = f"{found['folder']}.github" if "/workflows/" in path else path
            yield Artefact(ArtefactKind.WORKFLOW, path, folder, name, shared=True)


def canary_modules(snapshot: Snapshot) -> Iterator[Artefact]:
    """The Terraform modules that make an AWS Synthetics canary."""
    for folder, name in canary_folders(snapshot).items():
        yield Artefact(ArtefactKind.TERRAFORM, folder, folder, name)


def flags(snapshot: Snapshot) -> Iterator[Artefact]:
    """The files of flagd; FeatureFlag objects are manifests."""
    for path in flag_files(snapshot):
        yield Artefact(ArtefactKind.FLAGS, path, path.rpartition("/")[0], path)


def programs(snapshot: Snapshot) -> Iterator[Artefact]:
    """The programs that may ask for feature flags."""
    for path in source_files(snapshot):
        yield Artefact(ArtefactKind.CODE, path, path.rpartition("/")[0], path)


def dashboard_files(snapshot: Snapshot) -> Iterator[Artefact]:
    """The JSON files that are Grafana dashboards, as they are saved or exported."""
    for path in snapshot.paths():
        if not path.endswith(".json"):
            continue
        text = snapshot.read_text(path) or ""
        if '"panels"' in text and ('"schemaVersion"' in text or '"title"' in text):
            folder, _, name = path.rpartition("/")
            yield Artefact(ArtefactKind.DASHBOARD, path, folder, name.removesuffix(".json"))


FINDERS: tuple[Finder, ...] = (workflows, canary_modules, flags, programs, dashboard_files)


def find_artefacts(snapshot: Snapshot) -> Iterator[Artefact]:
    for finder in FINDERS:
        yield from finder(snapshot)
