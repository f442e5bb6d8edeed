"""Which files went into the judgement of a service: its own, and those that it shares with others."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.scorecards.engine.argocd.argo_applications import Application
from flagstone.scorecards.engine.reporting.report import Sources
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.subjects.artefacts import ArtefactKind

_OF_ITS_OWN = (ArtefactKind.FLAGS, ArtefactKind.CODE, ArtefactKind.DASHBOARD)


def judged_files(service: ServiceView) -> Sources:
    """Return what a service was read from; what is far away is told by its folder."""
    origins = {manifest.origin for manifest in service.manifests}
    if service.incomplete:  # its objects are not known, but where they would come from is
        origins.add(service.folder)
    paths = {manifest.path for manifest in service.manifests}
    around = service.relations.around
    paths |= {near.path for own in service.manifests for near in around.get(own, ())}
    paths |= {problem.path for problem in service.problems}
    paths |= {artefact.path for kind in _OF_ITS_OWN for artefact in service.artefacts(kind)}
    for application in service.applications:
        paths.update(_value_files(application))
    if service.component is not None:
        paths.add(service.component.path)
    if service.runbook is not None:
        paths.add(service.runbook.path)
    shared = set(_pipelines(service))
    if not service.manifests and service.component is None:  # the pipelines are what is judged
        paths |= shared
    trees: set[str] = set()
    for module in service.artefacts(ArtefactKind.TERRAFORM):
        folders, files = service.surroundings.module_places.of(module.path)
        trees |= folders
        paths |= files
    return Sources(
        folder=service.folder if service.component else None,
        paths=frozenset(paths),
        trees=frozenset(trees),
        origins=frozenset(origin for origin in origins if origin is not None),
        namespaces=frozenset(manifest.namespace for manifest in service.manifests),
        shared=frozenset(shared),
    )


def _pipelines(service: ServiceView) -> Iterator[str]:
    """The CI of its repository: workflows, actions and scripts that they call, and CODEOWNERS."""
    yield from (artefact.path for artefact in service.artefacts(ArtefactKind.WORKFLOW))
    for pipeline in service.ci.pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                yield step.file.path
                yield from (script.path for script in step.scripts)
    if service.ci.pipelines and service.ci.codeowners is not None:
        yield service.ci.codeowners.path


def _value_files(application: Application) -> Iterator[str]:
    """The values that a chart is given from elsewhere in the repository."""
    for _, source in application.sources:
        for name in sequence(mapping(source.get("helm")).get("valueFiles")):
            if not isinstance(name, str):
                continue
            folder = str(source.get("path") or "")
            # `$values/...` is of another source, which is this repository
            place = f"/{name.partition('/')[2]}" if name.startswith("$") else name
            yield posixpath.normpath(posixpath.join("/", folder, place)).lstrip("/")
