"""AC-12: an ApplicationSet that fails on what is missing, and whose project nobody else chooses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.argocd.argo_applications import Application
from flagstone.scorecards.engine.argocd.argo_generators import FOREIGN_GENERATORS, generators
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_STRICT = "missingkey=error"
_PATCHED_PROJECT = re.compile(r"^\s*[\"']?project[\"']?\s*:.*\{\{.*", re.MULTILINE)


@check(
    id="AC-12",
    name="An ApplicationSet is strict, and fixes the project",
    severity=Severity.H,
    rule=f"An ApplicationSet must have goTemplate: true and {_STRICT} among its goTemplateOptions. The "
    "project of its template, its templatePatch and its generators' templates must not be filled by a "
    f"generator of what others write ({', '.join(FOREIGN_GENERATORS)}); one that another generator fills "
    "warns.",
    why="A project that is templated from Git is chosen by whoever may push there: they deploy with "
    "the rights of any project. Without missingkey=error a typo becomes `<no value>` in a name.",
    remedy=f'Set goTemplate: true and goTemplateOptions: ["{_STRICT}"], and write the project of '
    "the template as a constant.",
    not_applicable="No ApplicationSet deploys the service.",
    no_data=unrendered("The ApplicationSet is"),
)
def application_set(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        if not application.is_generated:
            continue
        findings.judged += 1
        manifest = application.manifest
        if manifest.spec.get("goTemplate") is not True:
            message = "goTemplate is not true: what a generator does not give stays in its braces"
            findings.fault(message, manifest, "spec", "goTemplate")
        elif _STRICT not in sequence(manifest.spec.get("goTemplateOptions")):
            message = f"goTemplateOptions has no {_STRICT}: a missing value becomes <no value>"
            findings.fault(message, manifest, "spec", "goTemplateOptions")
        _check_project(application, findings)
    return findings.verdict(
        "it is strict, and its project is a constant", nothing="no ApplicationSet deploys it"
    )


def _check_project(application: Application, findings: Findings) -> None:
    for keys, text in _templated_projects(application.manifest):
        manifest = application.manifest
        foreign = [
            kind
            for kind, settings in generators(application)
            if kind in FOREIGN_GENERATORS and _may_fill(kind, settings, text)
        ]
        if foreign:
            message = f"the project is chosen by the generator {foreign[0]}: whoever writes there"
            findings.fault(f"{message} deploys with the rights of any project", manifest, *keys)
        else:
            findings.warn("the project is templated, though not from Git", manifest, *keys)


def _may_fill(kind: str, settings: dict[str, Any], text: str) -> bool:
    """Whether a generator may give what a text asks for: one of folders gives nothing but their path."""
    of_folders = kind == "git" and "directories" in settings and "files" not in settings
    return not of_folders or settings.get("values") is not None or "path" in text


def _templated_projects(manifest: Manifest) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each place where a project is templated, with its text."""
    template = ("template", "spec", "project")
    if "{{" in (text := str(dig(manifest.spec, *template) or "")):
        yield ("spec", *template), text
    patch = manifest.spec.get("templatePatch")
    if isinstance(patch, str) and (found := _PATCHED_PROJECT.search(patch)):
        yield ("spec", "templatePatch"), found[0]
    for position, generator in enumerate(sequence(manifest.spec.get("generators"))):
        for kind, settings in mapping(generator).items():
            if "{{" in (text := str(dig(settings, *template) or "")):
                yield ("spec", "generators", position, kind, *template), text
