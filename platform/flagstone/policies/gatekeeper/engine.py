"""One compiled Rego program per template, kept for as long as the process lives."""

from __future__ import annotations

import json
import os
import re
import threading
from typing import Any

import regorus

from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.rego_imports import expand_imports
from flagstone.policies.gatekeeper.templates import RegoSource, Template

os.environ.setdefault("RUST_BACKTRACE", "0")  # else each of the engine's errors carries its stack

_MAIN = "rego"
_NO_OBJECT = '{"review": {}, "parameters": {}}'
_PLACE = re.compile(r"-->\s*(\S+):(\d+):\d+")
_REASON = re.compile(r"^error: (.+)$", re.MULTILINE)
_RULE_MISSING = "not a valid rule path"


class Program:
    """A template's Rego, ready to run from any thread: an engine may not cross threads, each has one."""

    def __init__(self, template: Template) -> None:
        """Compile the template.

        Raises:
            PolicyError: with the engine's reason and the line in the template's file.
        """
        self.template = template
        self._threads = threading.local()
        try:
            self._thread().run(_NO_OBJECT)
        except RuntimeError as error:
            if _RULE_MISSING in str(error):
                raise self._broken("its Rego has no rule called violation") from None
            # Any other failure is about the empty object, and says nothing of real ones.

    def violations(self, input_json: str, inventory: Inventory | None) -> list[Any]:
        """What the rule `violation` yields for this input.

        Raises:
            PolicyError: the engine could not evaluate it.
        """
        thread = self._thread()
        if inventory is not None and self.template.needs_inventory:
            thread.know(inventory)
        try:
            answer = thread.run(input_json)
        except RuntimeError as error:
            raise self._translated(str(error)) from None
        found: list[Any] = [] if answer == "[]" else json.loads(answer)
        return found

    def _thread(self) -> _Engine:
        engine: _Engine | None = getattr(self._threads, "engine", None)
        if engine is None:
            try:
                engine = self._threads.engine = _Engine(self.template.source)
            except RuntimeError as error:
                raise self._translated(str(error)) from None
        return engine

    def _translated(self, message: str) -> PolicyError:
        """The engine's words, with the line in the file that a person edits."""
        found = _REASON.search(message)
        reason = found[1] if found else message.strip().partition("\n")[0]
        place = _PLACE.search(message)
        line = self.template.manifest.line(*self.template.source.keys)
        if place and place[1] == _MAIN and line is not None:
            line += int(place[2])
        elif place:
            reason = f"{reason} ({place[1]}, line {place[2]})"
        return self._broken(reason, line)

    def _broken(self, reason: str, line: int | None = None) -> PolicyError:
        manifest = self.template.manifest
        line = line or manifest.line(*self.template.source.keys)
        return PolicyError(reason, path=manifest.path, line=line, policy=self.template.name)


class _Engine:
    """The engine of one thread; its failures are RuntimeErrors, also where it panics."""

    def __init__(self, source: RegoSource) -> None:
        self._engine = regorus.Engine()
        self._engine.set_rego_v0(not source.is_v1)
        self._engine.set_gather_prints(True)  # else a policy's print() writes to our stderr
        self._engine.add_policy(_MAIN, expand_imports(source.rego))
        self._rule = f"{self._engine.get_packages()[0]}.violation"
        for position, lib in enumerate(source.libs):
            self._engine.add_policy(f"libs[{position}]", expand_imports(lib))
        self._inventory: Inventory | None = None

    def know(self, inventory: Inventory) -> None:
        if inventory is not self._inventory:
            self._engine.clear_data()
            self._engine.add_data_json(inventory.data_json)
            self._inventory = inventory

    def run(self, input_json: str) -> str:
        try:
            self._engine.set_input_json(input_json)
            answer: str = self._engine.eval_rule_as_json(self._rule)
        except BaseException as error:
            if type(error).__module__ == "pyo3_runtime":  # a panic is not even an Exception
                raise RuntimeError(f"the engine gave up: {error}") from None
            raise
        finally:
            self._engine.take_prints()
        return answer
