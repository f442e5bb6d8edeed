"""Whether a program measures how big a change is, against what, and whether it stops a big one.

Programs are read, not run: what is looked for are the ways in which `git diff` and the hosts' APIs
give the size of a change, the number it is compared with, and a way to end that is not success.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flagstone.scorecards.engine.ci.comparisons import can_fail, comparisons, says_failure
from flagstone.scorecards.engine.ci.pipelines import Job, Step

_LISTS = re.compile(r"""["']\s*,\s*f?["']""")  # ["git", "diff", …] of other languages
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
_SIZE_WORD = re.compile(
    r"line|size|total|chang|count|add|del|diff|sum|\bn\b|\$n\b|churn|loc|result", re.IGNORECASE
)
_SMALLEST = 20  # a smaller number is a count of arguments, files or the like, no size of a change
_IGNORED = re.compile(r"\|\|\s*(?:true\b|:|exit\s+0|echo\b)")
_FETCHES = re.compile(
    r"\bgit\s+(?:-\S+\s+)*(?:fetch|clone|pull|remote\s+update)\b|\bcheckout\s+--unshallow"
)
_HEAD_OF_CHANGE = re.compile(r"\bhead\b|head_ref|refs/pull", re.IGNORECASE)
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
        fails_from: the smallest size that it stops, in lines; None if that is not written here.
    """

    job: Job
    step: Step
    problem: str = ""
    unknown: str = ""
    fails_from: int | None = None


def size_gates(jobs: tuple[Job, ...]) -> Iterator[SizeGate]:
    """What measures the size of a change to compare it, in these jobs of one pipeline."""
    for job in jobs:
        if job.never_runs:
            continue
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
    program = _LISTS.sub(" ", step.program)
    against = _against(program, job, step)
    if against is None:
        return None
    later = _later(job, position, jobs)
    conditions = "\n".join(guard for one in (step, *later) for guard in one.guards)
    compared = _LISTS.sub(" ", "\n".join([program, *(one.program for one in later), conditions]))
    limits = _limits(compared, step.env)
    if not limits and not re.search(r"\badditions\b", program):
        return None  # the size is shown, not judged
    problem = against
    if not problem and (job.tolerated or step.tolerated):
        problem = "its failure is tolerated, so that it stops nothing"
    if not problem and not _stops(step, program, later):
        problem = "it measures the change but never fails"
    if not problem and step.run and _is_shallow(job, position, program):
        problem = (
            "the checkout before it is shallow, so that there is no merge base: set fetch-depth: 0"
        )
    known = [limit for limit in limits if limit is not None]
    return SizeGate(job, step, problem=problem, fails_from=max(known, default=None))


def _against(program: str, job: Job, step: Step) -> str | None:
    """What is wrong with what a change is measured against; None if nothing is measured."""
    verdicts = []
    for found in _DIFF.finditer(program):
        arguments, behind = found[1], found[2]
        if _LOCAL.search(arguments):
            continue
        if _COUNTS.search(arguments) or _COUNTED.search(behind.strip()):
            verdicts.append(_range_problem(arguments.partition(" -- ")[0], program, job, step))
    if verdicts:
        return next((verdict for verdict in verdicts if verdict), "")
    words = f"{program}\n{step.words}"
    return "" if _API.search(program) and _FROM_API.search(words) else None


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


def _takes_head(job: Job) -> bool:
    return any(
        step.action == "actions/checkout" and _HEAD_OF_CHANGE.search(step.options.get("ref", ""))
        for step in job.steps
    )


def _later(job: Job, position: int, jobs: tuple[Job, ...]) -> list[Step]:
    """The steps that can act on what a step found: those behind it, and jobs that need its job."""
    following = [step for other in jobs if job.name in other.needs for step in other.steps]
    return [*job.steps[position + 1 :], *following]


def _limits(text: str, env: Mapping[str, str]) -> list[int | None]:
    """The sizes from which on something is stopped; None for one that is not written down."""
    found = [
        one
        for one in comparisons(text, env)
        if one.reached_from is None or one.reached_from >= _SMALLEST
    ]
    of_size = [one for one in found if _SIZE_WORD.search(one.left)]
    return [one.reached_from for one in of_size or found]


def _stops(step: Step, program: str, later: list[Step]) -> bool:
    if step.scripts and _IGNORED.search(step.run) and not says_failure(step.run):
        return False
    return can_fail(program) or any(says_failure(one.program) for one in later if not one.tolerated)


def _is_shallow(job: Job, position: int, program: str) -> bool:
    before = job.steps[:position]
    checkouts = [step for step in before if step.action == "actions/checkout"]
    if not checkouts or _API.search(program) or not _DIFF.search(program):
        return False
    if any(_FETCHES.search(text) for text in (program, *(step.program for step in before))):
        return False
    return all(step.options.get("fetch-depth", "1") == "1" for step in checkouts)
