"""AC-07 and AC-08: which revision of what an Application deploys."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from flagstone.policies.manifests.objects import sequence
from flagstone.scorecards.engine.argocd.argo_applications import Application, folder_at, plain_url
from flagstone.scorecards.engine.argocd.argo_generators import filled
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NONE = "no Argo CD Application for the service is in the input"
_NOT_APPLICABLE = "No Argo CD Application for the service is in the input."
_TRUNKS = frozenset(
    {"main", "master", "trunk", "mainline", "default", "prod", "production", "live"}
)
_RELEASES = re.compile(r"(?:release|releases|env|environments?|deploy|stable)[/-].+|stable|release")
_TAG = re.compile(r"(?:[a-z][\w./-]*[-/@])?v?\d+(?:\.\d+)*(?:[-+.][\w.+-]+)?", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_RANGE = re.compile(r"[\^~<>=*|]|(?<![a-z0-9])x(?![a-z0-9])|\s-\s", re.IGNORECASE)
_UNBOUNDED = re.compile(r"\*|x|>=?\s*v?[\d.]+[\w.+-]*", re.IGNORECASE)
_TICKET = re.compile(r"[A-Z]{2,10}-\d+(?:[-_/].*)?")
_SOMEBODYS = re.compile(
    r"(?:feature|features|feat|fix|bugfix|hotfix|wip|users?|topic|tmp|temp|try|poc|spike|experiment"
    r"|dependabot|renovate|dev|patch|chore|refactor)[/_-].+|wip",
    re.IGNORECASE,
)
_NOT_PRODUCTION = frozenset(
    {"dev", "develop", "development", "staging", "stage", "test", "qa", "next"}
)


@check(
    id="AC-07",
    name="What is deployed is a trunk or a tag",
    severity=Severity.M,
    rule="The targetRevision of each source must not be left out, HEAD, or a branch of somebody's own "
    "(feature/x, fix/x, ABC-123 and the like), and of an Application for production not "
    f"{', '.join(sorted(_NOT_PRODUCTION))}; of a chart it must not be open upwards. It warns of a range "
    f"of versions, and of any other branch that is neither a trunk ({', '.join(sorted(_TRUNKS))}), a "
    "release or environment branch, a tag nor a commit.",
    why="HEAD is whatever the code host calls the default branch today, and a branch of somebody's "
    "own reaches production without the review that the trunk asks for.",
    remedy="Set targetRevision to main (or your trunk) or to a tag; for a chart, to one version.",
    not_applicable=_NOT_APPLICABLE,
    no_data="The revision comes from a generator whose values are not in the input: write it into the template. "
    f"Or {unrendered('the Application is')}",
)
def revisions(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for deployed in service.applications:
        folders = _folders(service, deployed)
        for keys, source in deployed.sources:
            findings.judged += 1
            written = source.get("targetRevision")
            text = "" if written is None else str(written).strip()
            place = (*keys, "targetRevision")
            for revision in filled(deployed, text, folders):
                if "{{" in revision:
                    message = f"targetRevision {revision} is left to a generator"
                    findings.cannot_tell(message, deployed.manifest, *place)
                elif problem := _problem(revision, deployed, source):
                    findings.fault(problem, deployed.manifest, *place)
                elif close := _doubt(revision, source):
                    findings.warn(close, deployed.manifest, *place)
    return findings.verdict("what is deployed is a trunk or a tag", nothing=_NONE)


def _problem(revision: str, deployed: Application, source: dict[str, Any]) -> str:
    if source.get("chart"):
        if not revision or revision.upper() == "HEAD" or _UNBOUNDED.fullmatch(revision):
            return f"the chart {source['chart']} is taken in whatever version is newest"
        return ""
    name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if name in {"", "HEAD"}:
        said = "targetRevision is HEAD" if name else "targetRevision is not set, which means HEAD"
        return f"{said}: whatever the default branch is today"
    if revision.startswith("refs/tags/"):
        return ""
    if _SOMEBODYS.fullmatch(name) or _TICKET.fullmatch(name):
        return f"targetRevision {revision} is a branch of somebody's own"
    if name.lower() in _NOT_PRODUCTION and deployed.is_production:
        return f"targetRevision {revision} is not what production is released from"
    return ""


def _is_trunk_or_tag(name: str) -> bool:
    return bool(
        name in _TRUNKS
        or _RELEASES.fullmatch(name)
        or _TAG.fullmatch(name)
        or _COMMIT.fullmatch(name)
    )


def _doubt(revision: str, source: dict[str, Any]) -> str:
    if _RANGE.search(revision):
        return f"targetRevision {revision} is a range: what is deployed changes without a commit"
    name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if source.get("chart") or _is_trunk_or_tag(name) or name.lower() in _NOT_PRODUCTION:
        return ""
    if revision.startswith("refs/tags/"):
        return ""
    return f"targetRevision {revision} is neither a trunk that is known by its name nor a tag"


@check(
    id="AC-08",
    name="The Application has one kind of source, and it exists",
    severity=Severity.H,
    rule="An Application must have exactly one of source and sources (or a sourceHydrator), each source a "
    "repoURL and either a chart or a path. The path must lie within the repository and, except in an OCI "
    "registry, be a folder of it. A source with a `ref` beside others, or one of an OCI registry, needs "
    "neither chart nor path.",
    why="With both source and sources one of them is ignored; with a path that is not in the "
    "repository nothing is deployed any more, while the last version runs on.",
    remedy="Keep either source or sources; give each one a path that exists, or a chart.",
    not_applicable=_NOT_APPLICABLE,
    no_data="The path is not in the input: score the repository that it is in, or all of it. "
    f"Or {unrendered('the Application is')}",
)
def one_source(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for deployed in service.applications:
        findings.judged += 1
        manifest, spec = deployed.manifest, deployed.spec
        several = sequence(spec.get("sources"))
        if several and spec.get("source"):
            message = "it has source and sources: source is ignored"
            findings.fault(message, manifest, *deployed.base, "source")
        elif not deployed.sources:
            drawn = spec.get("sourceHydrator")
            if not drawn:
                message = "it has neither source nor sources"
                findings.fault(message, manifest, *deployed.base)
        for keys, source in deployed.sources:
            problem = _source_problem(source, alone=len(deployed.sources) == 1)
            if problem:
                findings.fault(problem, manifest, *keys)
            elif source.get("path") and not source.get("chart"):
                _check_path(service, deployed, (keys, source), findings)
    return findings.verdict("it deploys what exists", nothing=_NONE)


def _source_problem(source: dict[str, Any], *, alone: bool) -> str:
    """What is wrong with a source by itself; one with a `ref` may only hold values for the others."""
    if not source.get("repoURL"):
        return "a source has no repoURL"
    if source.get("chart") and source.get("path"):
        return "a source has a chart and a path: a Helm repository has charts, Git has paths"
    if not (source.get("chart") or source.get("path")):
        if str(source["repoURL"]).startswith("oci://") or (source.get("ref") and not alone):
            return ""
        return "a source has neither a path nor a chart"
    path = str(source.get("path") or "")
    if path.startswith("/"):
        return f"the path {path} begins with a slash, which Argo CD refuses: it is one of the repository"
    if posixpath.normpath(path).partition("/")[0] == "..":
        return f"the path {path} leads out of the repository, which Argo CD refuses"
    return ""


def _check_path(
    service: ServiceView,
    deployed: Application,
    placed: tuple[tuple[str | int, ...], dict[str, Any]],
    findings: Findings,
) -> None:
    keys, source = placed
    url = str(source["repoURL"])
    if url.startswith("oci://"):
        return
    for path in filled(deployed, str(source["path"]), _folders(service, deployed)):
        if "{{" in path:
            message = f"the path {path} is left to a generator"
        elif folder_at(path) in service.surroundings.folders:
            continue
        elif plain_url(url) in service.surroundings.own_repositories:
            message = f"the path {path} does not exist in the repository"
            findings.fault(message, deployed.manifest, *keys, "path")
            continue
        else:
            message = f"the path {path} of {url} is not in the input"
        findings.cannot_tell(message, deployed.manifest, *keys, "path")


def _folders(service: ServiceView, deployed: Application) -> frozenset[str]:
    """The folders from which a generator makes this service's Application; all, if none is near."""
    near = service.surroundings.folders_near(service.folder)
    if any(map(deployed.generates_exactly, near)):
        return near
    return service.surroundings.folders
