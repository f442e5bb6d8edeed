"""A trial of a policy about what containers request and how they are bounded."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.policies.gatekeeper import rego_text
from flagstone.policies.manifests.objects import sequence
from flagstone.scorecards.engine.trials import objects, pods
from flagstone.scorecards.engine.trials.pods import (
    beside,
    changed,
    container,
    with_resource,
    without,
    without_section,
)
from flagstone.scorecards.engine.trials.trial import GOOD, Trial
from flagstone.scorecards.engine.trials.verdicts import (
    Case,
    Path,
    Verdict,
    guarded_kinds,
    joined_negations,
    named_kinds,
    try_cases,
)

Amount = tuple[str, str]  # such as limits and memory
_AMOUNTS = [(section, name) for section in pods.SECTIONS for name in pods.RESOURCES]


def try_resources(trial: Trial) -> Verdict:
    judged, in_vain = guarded_kinds(trial, "resources")
    required, sections = _required(trial, judged)
    cases = list(_cases(trial, required, sections))
    verdict = try_cases(trial, judged, cases)
    bare = Case("resources missing", {}, refused=True)
    sensitive = trial.sensitive("resources")
    jobs = [kind for kind in objects.JOBS if kind in named_kinds(trial) and trial.looks_at(kind)]
    for kind in (*in_vain, *(kind for kind in jobs if kind not in sensitive)):
        verdict.add(kind, bare, 0)
    return verdict


def hint(trial: Trial) -> str:
    return joined_negations(trial, lambda path: _amount(path) is not None)


def _amount(path: Path) -> Amount | None:
    return next((amount for amount in _AMOUNTS if path[-2:] == amount), None)


def _required(trial: Trial, kinds: list[str]) -> tuple[list[Amount], list[str]]:
    """The amounts, and the sections as a whole, that it is meant to require.

    That is what its parameters list, what it notices when it is missing alone, and what its program
    says `not` to.
    """
    listed = {
        section: {str(name) for name in sequence(trial.parameters.get(section))}
        for section in pods.SECTIONS
    }
    specs = {
        (kind, f"{section} {name}"): changed(trial.good, with_resource(section, name, None))
        for kind in kinds[:1]
        for section, name in _AMOUNTS
    }
    specs |= {
        (kind, section): changed(trial.good, without_section(section))
        for kind in kinds[:1]
        for section in pods.SECTIONS
    }
    specs |= {(kind, GOOD): trial.good for kind in kinds[:1]}
    answers = trial.answers(specs)
    noticed = {
        name
        for (kind, name), answer in answers.items()
        if not answer.failure and answer.anywhere > answers[kind, GOOD].anywhere
    }
    denied = {_amount(negated) for negated in _negated(trial)}
    required = [
        (section, name)
        for section, name in _AMOUNTS
        if name in listed[section]
        or f"{section} {name}" in noticed
        or (not listed[section] and (section, name) in denied)
    ]
    sections = [s for s in pods.SECTIONS if s in noticed or s in {amount[0] for amount in required}]
    return required, sections


def _negated(trial: Trial) -> Iterator[Path]:
    for text in trial.source_texts:
        for together in rego_text.negated(text):
            yield from (negated.path for negated in together)


def _cases(trial: Trial, required: list[Amount], sections: list[str]) -> Iterator[Case]:
    handler = trial.handler
    for section, name in required:
        what = f"{section}.{name}"
        missing = changed(trial.good, with_resource(section, name, None))
        yield Case(f"{what} missing", missing, refused=True)
        zero = changed(trial.good, with_resource(section, name, "0"))
        yield Case(f'{what} is "0", which is none', zero, refused=True)
    for section in sections:
        yield Case(
            f"{section} missing", changed(trial.good, without_section(section)), refused=True
        )
    yield Case("resources missing", changed(trial.good, without("resources")), refused=True)
    second = beside("containers", container("second", handler), "resources")
    title = "resources of the second container missing"
    yield Case(title, changed(trial.good, second), refused=True)
