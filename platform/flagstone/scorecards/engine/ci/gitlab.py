"""GitLab pipelines: jobs with `extends`, `default` and local includes, and when they run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.ci.gitlab_rules import MERGE_REQUEST, SCHEDULE, runs
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
_SCHEDULE = re.compile(r"\bschedules?\b")
_MOST_STARS = 2
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
    bodies = {name: raw for name, (raw, _) in definitions.items()}
    for name, (raw, source) in definitions.items():
        if name.startswith(".") or len(jobs) >= _MOST_JOBS:
            continue
        merged, missing = _extended(name, definitions)
        if missing and not unseen:
            unseen = (*unseen, missing)
        if "script" in merged or "trigger" in merged or "run" in merged:
            whole_job = mapping(_with_references(_with_defaults(merged, whole), bodies))
            jobs.append(_job(snapshot, name, source, raw, whole_job, folder))
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
            paths = _local_files(
                snapshot, posixpath.normpath(posixpath.join(folder, name.lstrip("/")))
            )
            if name and "://" not in name and paths:
                for path in paths:
                    if path not in seen and len(found) < _MOST_INCLUDES:
                        seen.add(path)
                        found.append(read_yaml(snapshot, path))
            elif item:
                unseen.append(name or ", ".join(map(str, mapping(item))) or "an include")
    return found[::-1], tuple(unseen)


def _local_files(snapshot: Snapshot, path: str) -> list[str]:
    """The file at a path, or the files that a path with `*` (in a folder) and `**` (below it) names."""
    if "*" not in path:
        return [path] if snapshot.exists(path) else []
    if path.count("*") > _MOST_STARS:
        return []
    written = re.escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return sorted(one for one in snapshot.paths() if re.fullmatch(written, one))


def _with_references(value: Any, bodies: dict[str, dict[str, Any]], depth: int = 8) -> Any:
    """A value with what its `!reference [job, key, ...]` stand for, which are read as lists."""
    if not depth:
        return value
    if isinstance(value, dict):
        return {key: _with_references(one, bodies, depth - 1) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > 1 and all(isinstance(key, str) for key in value) and value[0] in bodies:
        found: Any = bodies[value[0]]
        for key in value[1:]:
            found = mapping(found).get(key)
        if found is not None:
            return _with_references(found, bodies, depth - 1)
    return [_with_references(one, bodies, depth - 1) for one in value]


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
    for_change = runs(job, MERGE_REQUEST)
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
        raw={**job, "allow_failure": for_change.tolerated},
        steps=(step,),
        needs=needs,
        on_change=for_change.may,
        scheduled=runs(job, SCHEDULE).may
        and bool(_SCHEDULE.search(" ".join(_words([job.get("rules"), job.get("only")])))),
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
