"""The engine for policies that are trusted: this process, with nothing in between."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

from flagstone.policies.engines.asking import Answer, Question, explained
from flagstone.policies.engines.runners import Runner, runner_of
from flagstone.policies.engines.sources import SourceFault
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.templates import Template


class InProcess:
    """Evaluates where it is called: fast, and without any limit."""

    def compile(self, template: Template) -> LocalProgram:
        return LocalProgram(template)

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        answers: list[Answer] = []
        for question in questions:
            program = question.program
            assert isinstance(program, LocalProgram)  # noqa: S101 - only what it compiled is put to it
            try:
                answers.append(program.violations(question.input_json, question.inventory))
            except PolicyError as error:
                answers.append(error)
        return answers


class LocalProgram:
    """A template, ready to run from any thread: a runner may not cross threads, each has one."""

    def __init__(self, template: Template) -> None:
        """Compile the template.

        Raises:
            PolicyError: with the engine's reason and the line in the template's file.
        """
        self.template = template
        self._threads = threading.local()
        self._runner()

    def violations(self, input_json: str, inventory: Inventory | None) -> list[Any]:
        """What the policy says of this input.

        Raises:
            PolicyError: the engine could not evaluate it.
        """
        runner = self._runner()
        if inventory is not None and self.template.needs_inventory:
            runner.know(inventory.data_json)
        try:
            answer = runner.run(input_json)
        except SourceFault as fault:
            raise explained(fault, self.template) from None
        found: list[Any] = [] if answer == "[]" else json.loads(answer)
        return found

    def _runner(self) -> Runner:
        runner: Runner | None = getattr(self._threads, "runner", None)
        if runner is None:
            try:
                runner = self._threads.runner = runner_of(self.template.source)
            except SourceFault as fault:
                raise explained(fault, self.template) from None
        return runner
