"""CH-04: when a drill was run, and with which Istio."""

from __future__ import annotations

import re

from flagstone.scorecards.engine.checks.operations.drills import (
    IN_VIEW,
    NO_DRILL,
    NOT_APPLICABLE,
    drills_of,
    path_of,
)
from flagstone.scorecards.engine.checks.operations.runbooks import DrillParams, drill_problem
from flagstone.scorecards.engine.outcome import Fault, Outcome, failed, not_applicable, passed
from flagstone.scorecards.engine.registry import check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.drills import Drill

_DRILLED = "paved.example.com/last-drilled"
_ISTIO = "paved.example.com/drilled-istio"
_ROW = re.compile(r"^\s*\|(?P<row>.*\b(?P<day>\d{4}-\d\d-\d\d)\b.*)\|\s*$", re.MULTILINE)
_OF_THE_MESH = re.compile(r"outlier|eject|chaos|circuit", re.IGNORECASE)
_MINOR = re.compile(r"(\d+)[.-](\d+)")


@check(
    id="CH-04",
    name="The drill was run lately",
    severity=Severity.M,
    rule=f"The latest recorded run is at most `max_age_days` ({DrillParams().max_age_days}) days ago and not in the "
    "future. Counted are last_chaos_drill in the runbook's front matter, dated rows of its tables that are "
    f"about outlier detection and do not say fail, and the annotation {_DRILLED}; without any of them "
    f"last_drilled. Where both versions are written down (drilled_istio or {_ISTIO}, and the namespace's "
    "istio.io/rev), Istio must not be a later minor version than the one that was drilled.",
    why="Upgrades change what is ejected: since Envoy 1.31 a percentage that used to eject one "
    "endpoint ejects none.",
    remedy="Run the drill every 90 days and after each minor upgrade of Istio, and record it: "
    "last_chaos_drill in the runbook's front matter, a dated row about it in a table of the "
    f"runbook, or {_DRILLED} on an object of the drill.",
    not_applicable=NOT_APPLICABLE,
    no_data=IN_VIEW,
    params=DrillParams,
)
def run_lately(service: ServiceView, params: DrillParams) -> Outcome:
    drills = drills_of(service)
    if not drills:
        return not_applicable(NO_DRILL)
    runbook = service.runbook
    path = runbook.path if runbook else path_of(drills[0])
    days = _recorded(service, drills)
    if not days:
        return failed(Fault("no run of the drill is recorded", path=path))
    latest = max(days)
    problem = drill_problem(latest, service.surroundings.now.date(), params.max_age_days)
    problem = problem or _upgraded(service, drills)
    return failed(Fault(problem, path=path)) if problem else passed(f"run on {latest}")


def _recorded(service: ServiceView, drills: list[Drill]) -> list[str]:
    """The days of recorded runs; those of the runbook as a whole, if none is about the mesh."""
    found = [
        m.annotations[_DRILLED] for d in drills for m in d.manifests if _DRILLED in m.annotations
    ]
    runbook = service.runbook
    if runbook is None:
        return found
    own = runbook.front.get("last_chaos_drill")
    found += [str(own)] if own else []
    for section in runbook.sections:
        for row in _ROW.finditer(section.text):
            if _OF_THE_MESH.search(row["row"]) and not re.search(
                r"\bfail", row["row"], re.IGNORECASE
            ):
                found.append(row["day"])
    general = runbook.front.get("last_drilled")
    return found or ([str(general)] if general else [])


def _upgraded(service: ServiceView, drills: list[Drill]) -> str:
    """Which minor upgrade of Istio came after the last run, where both versions are written down."""
    said = [m.annotations[_ISTIO] for d in drills for m in d.manifests if _ISTIO in m.annotations]
    if service.runbook and service.runbook.front.get("drilled_istio"):
        said.append(str(service.runbook.front["drilled_istio"]))
    namespaces = {workload.manifest.namespace for workload in service.workloads}
    labels = service.surroundings.namespace_labels
    revisions = [labels.get(name, {}).get("istio.io/rev", "") for name in sorted(namespaces)]
    drilled = max((_minor(text) for text in said), default=())
    runs = max((_minor(text) for text in revisions), default=())
    if not drilled or not runs or runs <= drilled:
        return ""
    return (
        f"it was run with Istio {'.'.join(map(str, drilled))}, and {'.'.join(map(str, runs))} runs"
    )


def _minor(text: str) -> tuple[int, ...]:
    found = _MINOR.search(text)
    return (int(found[1]), int(found[2])) if found else ()
