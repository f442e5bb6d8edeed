"""Whether a program measures how big a change is, against what, and whether it stops a big one.

Programs are read, not run: what is looked for are the ways in which `git diff` and the hosts' APIs
give the size of a change, the number it is compared with, and a way to end that is not success.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flagstone.scorecards.engine.ci.comparisons import (
    Comparison,
    can_fail,
    comparisons,
    says_failure,
)
from flagstone.scorecards.engine.ci.conditions import CHANGE_EVENTS
from flagstone.scorecards.engine.ci.consequences import stopped
from flagstone.scorecards.engine.ci.pipelines import Job, Step

_LISTS = re.compile(r"""["']\s*,\s*f?["']""")  # ["git", "diff", …] of other languages
_ONLY_SAID = re.compile(
    r"^[ \t]*(?:echo|printf)[ \t]+(?:-\w+[ \t]+)*'[^'\n]*'[ \t]*$", re.MULTILINE
)
_DIFF = re.compile(r"\bgit\b[^\n|;&]{0,120}?\bdiff(?![\w-])([^\n|;]{0,600})([^\n]{0,80})")
_COUNTS = re.compile(r"--(?:numstat|shortstat|stat)\b")
_COUNTED = re.compile(r"^\|\s*(?:wc\s+-l|grep\s+-\w*c|awk|diffstat)")
_LOCAL = re.compile(r"--(?:cached|staged|exit-code|quiet|check|name-only|name-status)\b")
_THREE_DOTS = re.compile(r"[\w}\"')]\.\.\.[\w$\"'{(]")
_TWO_DOTS = re.compile(r"(?<!\.)\.\.(?![./])")
_MERGE_COMMIT = re.compile(r"\bHEAD(?:\^1?|~1?)(?![\w^~])")
_MERGE_BASE = re.compile(r"merge-base|MERGE_REQUEST_DIFF_BASE_SHA", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?|\{(\w+)\}")
_API = re.compile(r"\badditions\b|\bgh\s+pr\s+diff\b|\blines_of_code\b|\binsertions\b")
_FROM_API = re.compile(
    r"pull_request|\bgh\s+(?:pr|api)\b|\bpulls\b|\bpulls?\.(?:get|list)|\bdanger\b|\bgit\.|\bpr\."
)
_SIDES = re.compile(r"insertion|deletion")
_OTHER_SIDE = re.compile(r"deletion|deleted|\.changes\b|lines_of_code")
_SIZE_WORD = re.compile(
    r"line|size|total|chang|count|add|del|diff|sum|\bn\b|\$n\b|churn|loc|result", re.IGNORECASE
)
_SMALLEST = 20  # a smaller number is a count of arguments, files or the like, no size of a change
_FETCHES = re.compile(
    r"\bgit\s+(?:-\S+\s+)*(?:fetch|clone|pull|remote\s+update)\b|\bcheckout\s+--unshallow"
)
_HEAD_OF_CHANGE = re.compile(r"\bhead\b|head_ref|refs/pull", re.IGNORECASE)
_OWN_COMMIT = re.compile(r"\bHEAD\b|\bGITHUB_SHA\b|github\.sha\b")
_LABELLER = re.compile(r"(?:pr|pull-?request)[-_]?size|size[-_]?label", re.IGNORECASE)
_SIZE_ACTION = re.compile(
    r"(?:pr|pull-?request|diff|change)s?[-_]?(?:size|lines)|size[-_]?(?:check|limit|guard)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SizeGate:
    """What one step does about the size of a change.

    Attributes:
        job: the job.
        step: the step that measures.
        problem: why it is no gate; "" if it is one.
        unknown: what cannot be seen; "" if it was seen.
        weakness: what it misses though it is a gate; "" if nothing.
        fails_from: the smallest size that it stops, in lines; None if that is not written here.
    """

    job: Job
    step: Step
    problem: str = ""
    unknown: str = ""
    weakness: str = ""
    fails_from: int | None = None


def size_gates(jobs: tuple[Job, ...]) -> Iterator[SizeGate]:
    """What measures the size of a change to compare it, in these jobs of one pipeline."""
    for job in jobs:
        for position, step in enumerate(job.steps):
            if gate := _by_action(job, step) or _by_program(job, step, position, jobs):
                yield gate


def _by_action(job: Job, step: Step) -> SizeGate | None:
    name = step.action
    if not name or name.startswith("./"):
        return None
    if name == "codelytv/pr-size-labeler" and step.options.get("fail_if_xl") == "true":
        largest = step.options.get("l_max_size", "1000")
        limit = int(largest) + 1 if largest.isdecimal() and len(largest) < 10 else None
        return SizeGate(job, step, fails_from=limit)
    if _LABELLER.search(name) and "label" in name:
        return SizeGate(job, step, problem="it only sets a label, nothing stops a big change")
    if _SIZE_ACTION.search(name):
        return SizeGate(job, step, unknown=f"what {step.uses} does is not in view")
    return None


def _by_program(job: Job, step: Step, position: int, jobs: tuple[Job, ...]) -> SizeGate | None:
    program = _LISTS.sub(" ", _ONLY_SAID.sub("", step.literal(_with_arguments(step))))
    against = _against(program, job, step)
    if against is None:
        return None
    ends = _ends(step, program, _later(job, position, jobs))
    if not ends.compares and not re.search(r"\badditions\b", program):
        return None  # the size is shown, not judged
    problem = against
    if not problem and (job.tolerated or step.tolerated):
        problem = "its failure is tolerated, so that it stops nothing"
    if not problem and not ends.stops:
        problem = "it measures the change but never fails"
    if not problem and step.run and _is_shallow(job, position, program):
        problem = (
            "the checkout before it is shallow, so that there is no merge base: set fetch-depth: 0"
        )
    weakness = "it counts one side of the change only: add up added and deleted lines"
    is_half = _is_half(f"{program}\n{step.words}")
    return SizeGate(
        job, step, problem=problem, weakness=weakness if is_half else "", fails_from=ends.fails_from
    )


def _with_arguments(step: Step) -> str:
    """The program of a step, with the numbers that its scripts are given in the place of `$1` and so on."""
    program = step.program
    for script in step.scripts:
        name = re.escape(posixpath.basename(script.path))
        called = re.search(rf"{name}[\"']?((?:[ \t]+[^\s;|&<>]{{1,100}}){{1,9}})", step.run)
        if called and script.text:
            given = [word.strip("\"'") for word in called[1].split()]
            program = program.replace(script.text, _given(script.text, given))
    return program


def _given(text: str, arguments: list[str]) -> str:
    """A script with numbers in the place of its positions; in single quotes they are those of awk."""
    pieces = re.split(r"('[^'\n]*')", text)
    for position, argument in enumerate(arguments, 1):
        if argument.isdecimal():
            use = rf"\$(?:{position}(?!\d)|\{{{position}(?::?-[^}}\s]{{0,40}})?\}})"
            pieces = [
                piece if piece.startswith("'") else re.sub(use, argument, piece) for piece in pieces
            ]
    return "".join(pieces)


def _is_half(words: str) -> bool:
    """Whether only added or only deleted lines are counted."""
    for found in _DIFF.finditer(words):
        behind = words[found.end(1) : found.end(1) + 300].partition("\n")[0]
        columns = set(re.findall(r"\$([0-9])", behind.partition("awk")[2]))
        if "--numstat" in found[1] and len(columns & {"1", "2"}) == 1:
            return True
        if "--shortstat" in found[1] and len(set(_SIDES.findall(behind.lower()))) == 1:
            return True
    return not _DIFF.search(words) and "additions" in words and not _OTHER_SIDE.search(words)


def _against(program: str, job: Job, step: Step) -> str | None:
    """What is wrong with what a change is measured against; None if nothing is measured."""
    verdicts = []
    for found in _DIFF.finditer(program):
        arguments, behind = found[1], found[2]
        if _LOCAL.search(arguments):
            continue
        if _COUNTS.search(arguments) or _COUNTED.search(behind.strip()):
            verdicts.append(_range_problem(arguments.partition(" -- ")[0], program, job, step))
    if verdicts and _is_of_base(program, job):
        return "pull_request_target checks the base out: the change is not there to be measured"
    if verdicts:
        return next((verdict for verdict in verdicts if verdict), "")
    words = f"{program}\n{step.words}"
    return (
        "" if _API.search("\n".join([program, *step.guards])) and _FROM_API.search(words) else None
    )


def _range_problem(arguments: str, program: str, job: Job, step: Step) -> str:
    if _MERGE_BASE.search(f"{program}\n{' '.join(step.env.values())}"):
        return ""
    text = arguments
    for name in {one or other for one, other in _VARIABLE.findall(arguments)}:
        pattern = rf"\b{re.escape(name)}\s{{0,5}}=\s{{0,5}}f?[\"']?([^\n\"']{{1,200}}(?:\"[^\n]{{0,200}})?)"
        given = re.search(pattern, program)
        text += f" {given[1] if given else step.env.get(name, '')}"
    if _THREE_DOTS.search(text):
        return ""
    if _MERGE_COMMIT.search(text) and not _takes_head(job):
        return ""  # the commit that GitHub makes of both sides: its first parent is the base
    dots = "two dots" if _TWO_DOTS.search(text) else "no merge base"
    return (
        f"git diff with {dots}: commits on the main branch count as part of the change; "
        "use BASE...HEAD"
    )


def _is_of_base(program: str, job: Job) -> bool:
    """Whether HEAD is the branch that is merged into, so that git finds no change."""
    if CHANGE_EVENTS.intersection(job.triggers) != {"pull_request_target"} or _takes_head(job):
        return False
    fetched = any(_FETCHES.search(step.program) for step in job.steps)
    return not fetched and bool(_OWN_COMMIT.search(program))


def _takes_head(job: Job) -> bool:
    return any(
        step.action == "actions/checkout" and _HEAD_OF_CHANGE.search(step.options.get("ref", ""))
        for step in job.steps
    )


def _later(job: Job, position: int, jobs: tuple[Job, ...]) -> list[Step]:
    """The steps that can act on what a step found: those behind it, and jobs that need its job."""
    following = [step for other in jobs if job.name in other.needs for step in other.steps]
    return [*job.steps[position + 1 :], *following]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Whether a size is compared, whether that stops the change, and from which size on."""

    compares: bool
    stops: bool
    fails_from: int | None


def _ends(step: Step, program: str, later: list[Step]) -> _Ends:
    env = {name: step.literal(value) for name, value in step.env.items()}
    ignored = bool(step.loose_scripts) and not says_failure(step.run)
    exact, near, compared = list[Comparison](), list[Comparison](), list[Comparison]()
    is_stopped = False
    for one in (step, *later):
        text = program if one is step else _LISTS.sub(" ", one.program)
        inside, asked = _of_size(text, env), _of_size("\n".join(one.guards), env)
        compared += [*inside, *asked]
        if ignored if one is step else one.tolerated:
            continue
        found = stopped(text, inside)
        exact += [*found.exact, *(asked if says_failure(text) else ())]
        near += found.near
        if not inside and not asked:
            is_stopped |= can_fail(text) if one is step else says_failure(text)
    limits = exact or near or compared
    known = [one.reached_from for one in limits if one.reached_from is not None]
    fails_from = (min if exact else max)(known, default=None)
    return _Ends(bool(compared), bool(exact or near or is_stopped), fails_from)


def _of_size(text: str, env: Mapping[str, str]) -> list[Comparison]:
    """What compares a size; a number that is too small for one belongs to something else."""
    found = [
        one
        for one in comparisons(text, env)
        if one.reached_from is None or one.reached_from >= _SMALLEST
    ]
    return [one for one in found if _SIZE_WORD.search(one.left)] or found


def _is_shallow(job: Job, position: int, program: str) -> bool:
    before = job.steps[:position]
    checkouts = [step for step in before if step.action == "actions/checkout"]
    if not checkouts or _API.search(program) or not _DIFF.search(program):
        return False
    if any(_FETCHES.search(text) for text in (program, *(step.program for step in before))):
        return False
    return all(step.options.get("fetch-depth", "1") == "1" for step in checkouts)
