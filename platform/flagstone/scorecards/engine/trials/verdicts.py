"""What a trial finds: cases that got another answer than they should."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flagstone.policies.gatekeeper import rego_text
from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.scorecards.engine.trials import objects
from flagstone.scorecards.engine.trials.asking import Key
from flagstone.scorecards.engine.trials.trial import GOOD, Subject, Trial

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A pod, what is the matter with it, and whether the policy has to refuse it."""

    title: str
    pod: Mapping[str, Any]
    refused: bool
    grave: bool = True


@dataclass(slots=True)
class Misjudged:
    """One case with the wrong answer, for these kinds."""

    title: str
    expected: str
    got: int
    grave: bool
    kinds: list[str] = field(default_factory=list)

    @property
    def message(self) -> str:
        plural = "violation" if self.got == 1 else "violations"
        return (
            f"{self.title} ({', '.join(self.kinds)}): {self.got} {plural}, expected {self.expected}"
        )


@dataclass(slots=True)
class Verdict:
    """What a trial found: wrong answers, and questions that the policy could not answer.

    `tried` counts the answers; without any, the policy looks at nothing that the trial is about.
    """

    tried: int = 0
    misjudged: list[Misjudged] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def add(self, kind: str, case: Case, got: int) -> None:
        self.tried += 1
        if (got > 0) == case.refused:
            return
        expected = "1" if case.refused else "0"
        for known in self.misjudged:
            if (known.title, known.got) == (case.title, got):
                known.kinds.append(kind)
                return
        self.misjudged.append(Misjudged(case.title, expected, got, case.grave, [kind]))


def guarded_kinds(trial: Trial, subject: Subject) -> tuple[list[str], list[str]]:
    """The kinds that the policy looks at and judges, and those that it looks at in vain.

    One that judges Pods need not judge what makes them, nor one that judges those the Pods, unless its
    match names them.
    """
    sensitive = trial.sensitive(subject)
    if trial.constraint is None:
        return [kind for kind in sensitive if kind in objects.POD_KINDS], []
    seen = [kind for kind in objects.POD_KINDS if trial.looks_at(kind)]
    judged = [kind for kind in seen if kind in sensitive]
    if "Pod" in judged:
        return judged, []
    named = named_kinds(trial)
    return judged, [k for k in seen if k not in sensitive and (k != "Pod" or k in named)]


def named_kinds(trial: Trial) -> set[str]:
    """The kinds that the constraint's match names one by one."""
    entries = map(mapping, sequence(trial.match.get("kinds")))
    return {str(kind) for entry in entries for kind in sequence(entry.get("kinds"))}


def try_cases(trial: Trial, kinds: Iterable[str], cases: list[Case]) -> Verdict:
    """Ask about every case for every kind; what counts is what it adds to the good object."""
    specs: dict[Key, dict[str, Any]] = {}
    for kind in kinds:
        specs[kind, GOOD] = trial.good
        specs |= {(kind, case.title): dict(case.pod) for case in cases}
    answers = trial.answers(specs)
    by_title = {case.title: case for case in cases}
    verdict = Verdict()
    for (kind, title), answer in answers.items():
        base = answers[kind, GOOD]
        failure = answer.failure or base.failure
        if failure is not None:
            verdict.unanswered.append(f"{title} ({kind}): {failure.reason}")
        elif title != GOOD:
            verdict.add(kind, by_title[title], max(answer.matched - base.matched, 0))
    return verdict


def joined_negations(trial: Trial, wanted: Callable[[Path], bool]) -> str:
    """The hint at the mistake behind a policy that only notices when all is missing; "" if none."""
    for text in trial.source_texts:
        for together in rego_text.negated_together(text):
            found = [negated for negated in together if wanted(negated.path)]
            if len({negated.path for negated in found}) > 1:
                names = " and ".join(f"`not {'.'.join(negated.path)}`" for negated in found)
                return (
                    f"{names} stand in one rule body (line {found[0].line} of the Rego), which holds "
                    "only where both are missing: write one rule for each"
                )
    return ""
