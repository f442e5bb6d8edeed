"""GitLab pipelines: jobs with `extends`, `default` and local includes, and when they run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.ci.pipelines import Job, Pipeline, Step
from flagstone.scorecards.engine.ci.scripts import called_scripts
from flagstone.scorecards.engine.yaml_files import YamlFile, read_yaml, text_of, texts_of

_NO_JOBS = frozenset(
    {
        *("default", "include", "stages", "variables", "workflow", "image", "services", "cache"),
        *("before_script", "after_script", "spec", "pages:deploy"),
    }
)
_SCRIPTS = ("before_script", "script", "after_script")
_MERGE_REQUEST = re.compile(r"merge_request", re.IGNORECASE)
_SCHEDULE = re.compile(r"\bschedules?\b")
_MOST_INCLUDES, _DEEPEST, _MOST_JOBS = 30, 10, 1_000


def read_gitlab(snapshot: Snapshot, path: str, folder: str) -> Pipeline:
    """Read one pipeline of the repository whose root is `folder`."""
    file = read_yaml(snapshot, path)
    files, unseen = _with_includes(snapshot, file, folder)
    definitions = {
        name: (mapping(raw), source)
        for source in files
        for name, raw in source.value.items()
        if name not in _NO_JOBS and isinstance(raw, dict)
    }
    whole: dict[str, Any] = {}
    for source in files:
        whole |= {key: source.value[key] for key in _NO_JOBS if key in source.value}
    jobs: list[Job] = []
    for name, (raw, source) in definitions.items():
        if name.startswith(".") or len(jobs) >= _MOST_JOBS:
            continue
        merged, missing = _extended(name, definitions)
        if missing and not unseen:
            unseen = (*unseen, missing)
        if "script" in merged or "trigger" in merged or "run" in merged:
            jobs.append(_job(snapshot, name, source, raw, _with_defaults(merged, whole), folder))
    return Pipeline(file, "gitlab", folder, {}, tuple(jobs), unseen)


def _with_includes(
    snapshot: Snapshot, file: YamlFile, folder: str
) -> tuple[list[YamlFile], tuple[str, ...]]:
    """The files of a pipeline, what is included first; and what lies elsewhere."""
    found, unseen, seen = [file], list[str](), {file.path}
    for source in found:
        include = source.value.get("include")
        for item in include if isinstance(include, list) else [include]:
            name = item if isinstance(item, str) else text_of(mapping(item).get("local"))
            path = posixpath.normpath(posixpath.join(folder, name.lstrip("/")))
            if name and "://" not in name and snapshot.exists(path):
                if path not in seen and len(found) < _MOST_INCLUDES:
                    seen.add(path)
                    found.append(read_yaml(snapshot, path))
            elif item:
                unseen.append(name or ", ".join(map(str, mapping(item))) or "an include")
    return found[::-1], tuple(unseen)


def _extended(
    name: str, definitions: dict[str, tuple[dict[str, Any], YamlFile]]
) -> tuple[dict[str, Any], str]:
    """A job with what it extends; and the name of a template that is not there."""
    merged: dict[str, Any] = {}
    missing = ""
    chain, waiting = list[dict[str, Any]](), [name]
    while waiting and len(chain) < _DEEPEST:
        current = waiting.pop(0)
        if current not in definitions:
            missing = current
            continue
        raw, _ = definitions[current]
        chain.append(raw)
        parents = raw.get("extends")
        names = parents if isinstance(parents, list) else [parents]
        waiting += [parent for parent in reversed(names) if isinstance(parent, str)]
    for raw in reversed(chain):
        merged |= raw
    return merged, missing


def _with_defaults(job: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    inherit = mapping(job.get("inherit")).get("default")
    defaults = mapping(whole.get("default"))
    outer: dict[str, Any] = {
        key: whole[key] for key in ("before_script", "after_script") if key in whole
    }
    if inherit is False:
        defaults, outer = {}, {}
    elif isinstance(inherit, list):
        defaults = {key: value for key, value in defaults.items() if key in inherit}
    variables = {**mapping(whole.get("variables")), **mapping(job.get("variables"))}
    job = {**outer, **defaults, **job, "variables": variables}
    if "rules" not in job and "only" not in job:
        job["rules"] = mapping(whole.get("workflow")).get("rules")
    return job


def _job(
    snapshot: Snapshot,
    name: str,
    file: YamlFile,
    raw: dict[str, Any],
    job: dict[str, Any],
    folder: str,
) -> Job:
    run = "\n".join(line for key in _SCRIPTS for line in _lines(job.get(key)))
    when = " ".join(_words([job.get("rules"), job.get("only")]))
    conditions = tuple(_words(job.get("rules")))
    step = Step(
        file=file,
        keys=(name, "script") if "script" in raw else (name,),
        run=run,
        env=texts_of(job.get("variables")),
        guards=conditions,
        scripts=tuple(called_scripts(snapshot, run.replace("$CI_PROJECT_DIR/", ""), (folder,))),
    )
    needs = tuple(_words(job.get("needs")))
    return Job(
        name=name,
        file=file,
        keys=(name,),
        raw=job,
        steps=(step,),
        needs=needs,
        on_change=bool(_MERGE_REQUEST.search(when)),
        scheduled=bool(_SCHEDULE.search(when)),
    )


def _lines(value: Any, depth: int = 3) -> Iterator[str]:
    """The commands of a script; lists in lists come from anchors and references."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, list) and depth:
            yield from _lines(item, depth - 1)
        elif isinstance(item, str):
            yield item


def _words(value: Any, depth: int = 5) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else sequence(value):
            yield from _words(item, depth - 1)
