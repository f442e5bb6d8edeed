"""The engine for policies of others: a child process with limits, started again when one ends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

from flagstone.policies.engines.asking import Answer, Question, explained
from flagstone.policies.engines.child import Child, ChildEnded, ChildLimits
from flagstone.policies.engines.sources import SourceFault, as_dict
from flagstone.policies.gatekeeper.errors import LimitExceeded, PolicyError
from flagstone.policies.gatekeeper.templates import Template

_BATCH = 64
_BATCH_BYTES = 4 * 2**20
_STRIKES = 3
_numbers = count(1)


@dataclass(eq=False)
class ConfinedProgram:
    """A template that the child compiles; `ended` says how it broke a limit, each time."""

    template: Template
    name: str = field(default_factory=lambda: str(next(_numbers)))
    ended: list[str] = field(default_factory=list)


class Confined:
    """Evaluates in a child: a policy that loops or grows without end costs a moment and a sentence."""

    def __init__(self, limits: ChildLimits | None = None) -> None:
        self._child = Child(limits or ChildLimits())
        self._lock = threading.Lock()

    def compile(self, template: Template) -> ConfinedProgram:
        program = ConfinedProgram(template)
        with self._lock:
            self._child.renew()
            try:
                (answer,) = self._child.exchange([_load(program)])
                _value(answer)
            except ChildEnded as ended:
                raise _over(program, ended.how, "when it is compiled") from None
            except SourceFault as fault:
                raise explained(fault, template) from None
            self._child.loaded.add(program.name)
        return program

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        answers: list[Answer] = []
        while len(answers) < len(questions):
            with self._lock:
                answers.extend(self._some(questions, len(answers)))
        return answers

    def close(self) -> None:
        """End the child; the next question starts another."""
        with self._lock:
            self._child.close()

    def _some(self, questions: Sequence[Question], begin: int) -> list[Answer]:
        """Answers of the questions from `begin` on: a batch, or as far as the child lives."""
        self._child.renew()
        answers: list[Answer] = []
        asked: list[Question] = []
        messages: list[tuple[str, str]] = []
        wanted: list[bool] = []
        size = 0
        for question in questions[begin:]:
            program = _program(question)
            if len(program.ended) >= _STRIKES:
                if asked:
                    break
                answers.append(_given_up(program))
                continue
            before = len(messages)
            messages += self._needed(question, program)
            wanted += [False] * (len(messages) - before - 1) + [True]
            asked.append(question)
            size += len(question.input_json)
            if len(asked) == _BATCH or size > _BATCH_BYTES:
                break
        if not asked:
            return answers
        try:
            lines = self._child.exchange(messages)
        except ChildEnded as ended:
            lines = ended.answers
            told = [line for line, is_answer in zip(lines, wanted, strict=False) if is_answer]
            answers += [_answer(q, line) for q, line in zip(asked, told, strict=False)]
            guilty = asked[len(told)]
            program = _program(guilty)
            program.ended.append(ended.how)
            return [*answers, _over(program, ended.how, f"on {guilty.about}")]
        told = [line for line, is_answer in zip(lines, wanted, strict=True) if is_answer]
        return answers + [_answer(q, line) for q, line in zip(asked, told, strict=True)]

    def _needed(self, question: Question, program: ConfinedProgram) -> list[tuple[str, str]]:
        """The question, after what this child does not know yet."""
        messages = []
        if program.name not in self._child.loaded:
            messages.append(_load(program))
            self._child.loaded.add(program.name)
        inventory = question.inventory if program.template.needs_inventory else None
        if inventory is not None and inventory.number not in self._child.known:
            messages.append((f"know {inventory.number}", inventory.data_json))
            self._child.known.add(inventory.number)
        place = inventory.number if inventory else "-"
        return [*messages, (f"ask {program.name} {place}", question.input_json)]


@cache
def confined() -> Confined:
    """The engine for policies of others that the whole process shares."""
    return Confined()


def _program(question: Question) -> ConfinedProgram:
    program = question.program
    assert isinstance(program, ConfinedProgram)  # noqa: S101 - only what it compiled is put to it
    return program


def _load(program: ConfinedProgram) -> tuple[str, str]:
    return f"load {program.name}", json.dumps(as_dict(program.template.source))


def _value(line: bytes) -> list[Any]:
    if line.startswith(b"="):
        found: list[Any] = [] if line == b"=[]" else json.loads(line[1:])
        return found
    raise SourceFault.from_dict(json.loads(line[1:]))


def _answer(question: Question, line: bytes) -> Answer:
    try:
        return _value(line)
    except SourceFault as fault:
        return explained(fault, question.program.template)


def _over(program: ConfinedProgram, how: str, when: str) -> PolicyError:
    return _limit(program, f"{how} {when}, so nothing is known of it there")


def _given_up(program: ConfinedProgram) -> PolicyError:
    tries = f"{len(program.ended)} objects ({program.ended[-1]}), so it is not tried on more"
    return _limit(program, f"it went over a limit on {tries}")


def _limit(program: ConfinedProgram, reason: str) -> PolicyError:
    template = program.template
    return LimitExceeded(
        reason, path=template.manifest.path, line=template.line, policy=template.name
    )
