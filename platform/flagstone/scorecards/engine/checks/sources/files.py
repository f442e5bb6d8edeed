"""IN: the files themselves: what cannot be read guards nothing."""

from __future__ import annotations

from flagstone.scorecards.engine.outcome import Fault, Outcome, failed, not_applicable
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_DUPLICATE_OBJECT = "duplicate-object"


@check(
    id="IN-01",
    name="Every manifest can be read",
    severity=Severity.C,
    rule="Each file of the service that is taken for manifests must be YAML or JSON that parses, without a key that "
    "is given twice in one mapping. It is about reading only: what the documents say is the other checks' "
    "matter.",
    why="A document that does not parse is not applied, or stops the whole sync; of a key that is "
    "given twice one value is dropped without a word.",
    remedy="Mend the YAML at the line that is named; keep each key once.",
    not_applicable="Each manifest in view can be parsed: that earns nothing, so this check never passes; "
    "it only ever fails.",
    no_data="Always decided: it is about what was read.",
)
def readable(service: ServiceView, _params: NoParams) -> Outcome:
    faults = [
        Fault(problem.message, path=problem.path, line=problem.line)
        for problem in service.problems
        if problem.kind != _DUPLICATE_OBJECT
    ]
    return (
        failed(*faults)
        if faults
        else not_applicable("each manifest in view can be parsed; that earns nothing", certain=True)
    )


@check(
    id="IN-02",
    name="No object is defined twice",
    severity=Severity.H,
    rule="No two objects that are applied together have the same group, kind, namespace and name.",
    why="The one that is applied last wins, and which one that is depends on the order of files.",
    remedy="Keep one definition, or give the objects different names or namespaces. Folders count as one where "
    "they are rendered together, or where one Application reads them with directory.recurse.",
    not_applicable="No object is defined twice: that earns nothing, so this check never passes; "
    "it only ever fails.",
    no_data="Always decided: it is about what was read.",
)
def defined_once(service: ServiceView, _params: NoParams) -> Outcome:
    faults = [
        Fault(problem.message, path=problem.path, line=problem.line)
        for problem in service.problems
        if problem.kind == _DUPLICATE_OBJECT
    ]
    if faults:
        return failed(*faults)
    return not_applicable("no object is defined twice; that earns nothing", certain=True)
