"""CI-02: not everybody may say that his own change need not be small."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstone.scorecards.engine.checks.ci.sizes import NO_CI
from flagstone.scorecards.engine.ci.change_size import SizeGate, size_gates
from flagstone.scorecards.engine.ci.pipelines import Step
from flagstone.scorecards.engine.ci.repository import Ci
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_LABEL = re.compile(
    r"contains\(\s*[^,']{0,200}labels[^,']{0,200},\s*'([^']{1,100})'"
    r"|LABELS\b[^\n]{0,80}?(?:==|=~|grep\b[^\n\w]{0,20})[^\n\w]{0,10}([\w:./-]{1,60})"
    r"|labels?\b[^\n]{0,80}?(?:===?|includes\()\s*[\"']([\w:./ -]{1,60})[\"']"
)
_LABELS = re.compile(r"\blabels?\b|[A-Z_]*LABELS\b")
_OWN_WORDS = re.compile(
    r"(?:contains|startsWith|endsWith)\(\s*(github\.head_ref|github\.event\.pull_request\."
    r"(?:title|body|head\.ref)|github\.event\.head_commit\.message)\s*,\s*'([^']{1,100})'",
    re.IGNORECASE,
)
_OWN_VALUE = re.compile(
    r"github\.event\.pull_request\.(title|body|head\.ref)|github\.(head_ref)"
    r"|github\.event\.head_commit\.(message)|^\$?\{?CI_MERGE_REQUEST_(TITLE|DESCRIPTION)",
    re.IGNORECASE,
)
_OF_GITLAB = re.compile(
    r"CI_MERGE_REQUEST_(TITLE|DESCRIPTION|SOURCE_BRANCH_NAME)\b\s*(?:=~\s*/\^?|==\s*[\"'])([^/\"']{1,100})"
)
_DRAFT = re.compile(r"draft|wip", re.IGNORECASE)
_LETS_THROUGH = r"[^\n]{0,120}(?:\n[^\n]{0,120}){0,2}?\b(?:exit|return)[ \t]+0\b"
_COMMIT_MESSAGE = re.compile(
    r"\bgit\s+(?:log|show)\b[^\n|]{0,100}%[Bbs][^\n]{0,100}\bgrep\b[^\n]{0,40}?[\"']([^\"'\n]{1,60})[\"']"
    + _LETS_THROUGH
)
_ROLLBACK = re.compile(r"roll[\s_-]?back|revert", re.IGNORECASE)


@check(
    id="CI-02",
    name="Not everybody may skip the size gate",
    severity=Severity.M,
    rule="Each step that measures the size of a change (CI-01) is searched for ways around it. Words that the "
    "author writes into the title, description, commit message or name of the branch must not let the change "
    "through, and neither must a label, unless CODEOWNERS covers the workflow and its scripts. Words and "
    "labels that say rollback or revert may.",
    why="An exemption that the author of a change gives to himself is no gate; after a month every "
    "big change has the label.",
    remedy="Let only a rollback through, or put owners on the workflow (and its script) in CODEOWNERS, "
    "so that whoever guards the gate also decides about the label.",
    not_applicable="Nothing measures the size of a change (CI-01).",
    no_data="A label exempts, and CODEOWNERS is not among the files: score the root of the repository.",
)
def limited(service: ServiceView, params: NoParams) -> Outcome:
    return service.ci.once("CI-02", params, _exemptions)


def _exemptions(ci: Ci) -> Outcome:
    found = Findings()
    for pipeline in ci.pipelines:
        for gate in size_gates(pipeline.jobs):
            found.judged += 1
            _judge_exemptions(ci, gate, found)
    return found.verdict(
        "nobody exempts himself from the size gate",
        nothing="nothing measures the size of a change (CI-01)" if ci.pipelines else NO_CI,
    )


def _judge_exemptions(ci: Ci, gate: SizeGate, found: Findings) -> None:
    words = gate.step.words
    for context, start in _OWN_WORDS.findall(words):
        if not _ROLLBACK.search(start):
            message = f"whoever writes {start!r} into {context.rpartition('.')[2]} skips the gate"
            found.faults.append(gate.step.fault(message))
            return
    for name, start in _in_shell(gate.step):
        if not _ROLLBACK.search(start):
            message = f"whoever writes {start!r} into the {name} skips the gate"
            found.faults.append(gate.step.fault(message))
            return
    labels = list(_exempting_labels(words))
    if not labels:
        return
    guarded = [gate.job.file.path]
    guarded += [script.path for script in gate.step.scripts if "#" not in script.path]
    owners = ci.codeowners
    bare = [path for path in guarded if not (owners and owners.covers(ci.within(path)))]
    if not bare:
        return
    message = f"the label {labels[0]} exempts, and {bare[0]} has no owner in CODEOWNERS"
    if owners is None and not ci.snapshot.whole:
        found.unknown.append(
            gate.step.fault(f"the label {labels[0]} exempts, and no CODEOWNERS is in view")
        )
    else:
        found.faults.append(gate.step.fault(message))


def _exempting_labels(words: str) -> Iterator[str]:
    """The labels that are no rollback; one without a name where it cannot be told which."""
    names = [next(filter(None, groups)) for groups in _LABEL.findall(words)]
    yield from (repr(name) for name in names if not _ROLLBACK.search(name))
    if not names and _LABELS.search(words):
        yield "of a list"


def _in_shell(step: Step) -> Iterator[tuple[str, str]]:
    """What a program looks for in the author's own words, to end well then: where, and what."""
    for where, start in _OF_GITLAB.findall("\n".join(step.guards)):
        if not _DRAFT.search(start):
            yield where.lower().replace("_", " "), start
    for start in _COMMIT_MESSAGE.findall(step.program):
        yield "commit message", start
    for name, value in step.env.items():
        own = _OWN_VALUE.search(value)
        if own is None:
            continue
        compared = re.compile(
            rf"\$\{{?{re.escape(name)}\}}?[\"']?(?:\s*(?:==?|=~)\s*|[^\n]{{0,100}}\bgrep\b[^\n\"']{{0,40}})[\"'*^]*"
            rf"([^\s\"'*;|&-][^\"'*\n;|&]{{0,60}}){_LETS_THROUGH}"
        )
        where = next(filter(None, own.groups())).rpartition(".")[2].lower()
        yield from ((where, start.strip()) for start in compared.findall(step.program))
