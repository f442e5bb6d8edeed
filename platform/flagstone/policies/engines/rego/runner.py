"""Rego on regorus."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import regorus

from flagstone.policies.engines.rego import asked_builtins, given_builtins, given_formats
from flagstone.policies.engines.rego.asked_builtins import asked_in
from flagstone.policies.engines.rego.calls import Call, calls_of_builtins
from flagstone.policies.engines.rego.chained_bodies import chained_bodies
from flagstone.policies.engines.rego.format_verbs import format_verbs
from flagstone.policies.engines.rego.future_keywords import keyword_that_is_not_imported
from flagstone.policies.engines.rego.imports import expand_imports, without_import_of_v1
from flagstone.policies.engines.rego.lacks import Lack
from flagstone.policies.engines.rego.made_heads import made_heads
from flagstone.policies.engines.rego.negations import negations
from flagstone.policies.engines.rego.object_patterns import object_patterns
from flagstone.policies.engines.rego.statements import edited
from flagstone.policies.engines.rego.walks import walks
from flagstone.policies.engines.sources import Keys, RegoSource, SourceFault

os.environ.setdefault("RUST_BACKTRACE", "0")  # else each of the engine's errors carries its stack

_MAIN, _GIVEN = "rego", "given"
_NO_OBJECT = '{"review": {}, "parameters": {}}'
_PLACE = re.compile(r"-->\s*(\S+):(\d+):\d+")
_LIB = re.compile(r"libs\[(\d+)\]")
_REASON = re.compile(r"^error: (.+)$", re.MULTILINE)
_MOST_ROUNDS, _MOST_ANSWERS = 50, 2000
_FUNCTION_MISSING = "could not find function "
_RULE_MISSING = "not a valid rule path"


class RegoRunner:
    """An engine with one compiled source; its failures are SourceFaults, also where it panics."""

    def __init__(self, source: RegoSource) -> None:
        """Compile.

        Raises:
            SourceFault: with the engine's reason and the line in the text at fault.
        """
        self._inventory: str | None = None
        self._answers: dict[tuple[str, str], Any] = {}
        self._prints: list[str] = []
        self._is_v1 = source.is_v1
        self._engine = regorus.Engine()
        self._engine.set_gather_prints(True)  # else a policy's print() writes to our stderr
        self._add(_MAIN, source.rego)
        self._rule = f"{self._engine.get_packages()[0]}.violation"
        for position, lib in enumerate(source.libs):
            self._add(f"libs[{position}]", lib)
        self._engine.set_rego_v0(False)
        self._engine.add_policy(_GIVEN, asked_builtins.LIBRARY)
        self._engine.add_policy(_GIVEN, given_builtins.LIBRARY)
        self._engine.add_policy(_GIVEN, given_formats.LIBRARY)
        try:
            self._evaluate(_NO_OBJECT)
        except RuntimeError as error:
            if _RULE_MISSING in str(error):
                raise SourceFault("its Rego has no rule called violation", keys=("rego",)) from None
            # Any other failure is about the empty object, and says nothing of real ones.

    def know(self, inventory_json: str) -> None:
        if inventory_json is not self._inventory:
            self._inventory = inventory_json
            self._fill()

    def run(self, input_json: str) -> str:
        if len(self._answers) > _MOST_ANSWERS:
            self._answers = {}
            self._fill()
        for _ in range(_MOST_ROUNDS):
            failure, answer = "", ""
            try:
                answer = self._evaluate(input_json)
            except RuntimeError as error:
                failure = str(error)
            asked = {(each.name, each.key): each for each in asked_in(self._prints)}
            if asked:  # then what came out is not worth anything yet
                self._answers |= {call: each.answer() for call, each in asked.items()}
                self._fill()
            elif failure:
                raise _fault(failure)
            else:
                return answer
        reason = f"it calls functions with what others answered more than {_MOST_ROUNDS} times over"
        raise SourceFault(reason, keys=("rego",), only_here=True)

    def _fill(self) -> None:
        """Give the engine its data: the other objects, and what functions of ours have answered."""
        self._engine.clear_data()
        if self._inventory is not None:
            self._engine.add_data_json(self._inventory)
        if self._answers:
            by_name: dict[str, dict[str, Any]] = {}
            for (name, key), answer in self._answers.items():
                by_name.setdefault(name, {})[key] = {"value": answer}
            self._engine.add_data_json(json.dumps({asked_builtins.DATA: by_name}))

    def _add(self, name: str, rego: str) -> None:
        text = without_import_of_v1(rego)
        is_v1 = self._is_v1 or text != rego
        if not is_v1:
            _raise(keyword_that_is_not_imported(text), name)
            text = edited(text, chained_bodies(text))
        text = edited(text, made_heads(text))
        text, odd_walk = walks(object_patterns(text))
        text, unsafe = negations(text)
        calls = calls_of_builtins(text)
        self._engine.set_rego_v0(not is_v1)  # it counts for what is added from here on
        try:
            self._engine.add_policy(name, _as_the_engine_wants_it(text, calls))
        except RuntimeError as error:
            raise _fault(str(error)) from None
        missing = given_builtins.lacking(calls, text, is_v1=is_v1)
        _raise(unsafe or odd_walk or missing, name)

    def _evaluate(self, input_json: str) -> str:
        try:
            self._engine.set_input_json(input_json)
            answer: str = self._engine.eval_rule_as_json(self._rule)
        except BaseException as error:
            if type(error).__module__ == "pyo3_runtime":  # a panic is not even an Exception
                raise RuntimeError(f"the engine gave up: {error}") from None
            raise
        finally:
            self._prints = self._engine.take_prints()
        return answer


def _raise(lack: Lack | None, name: str) -> None:
    if lack:
        only_here = lack.is_of_the_engine
        raise SourceFault(lack.reason, keys=_keys(name), line=lack.line, only_here=only_here)


def _as_the_engine_wants_it(rego: str, calls: list[Call]) -> str:
    """The same policy in words that the engine understands as OPA does; lines stay as they are."""
    rego = edited(rego, given_builtins.given_builtins(calls))
    return expand_imports(edited(rego, format_verbs(rego)))


def _fault(message: str) -> SourceFault:
    """The engine's words, with the text and the line that they are about."""
    found = _REASON.search(message)
    reason = found[1] if found else message.strip().partition("\n")[0]
    place = _PLACE.search(message)
    unknown = reason.startswith(_FUNCTION_MISSING)
    if unknown:
        reason = given_builtins.unknown(reason.removeprefix(_FUNCTION_MISSING))
    if place is None or place[1] == _GIVEN:
        return SourceFault(reason, keys=("rego",), only_here=unknown)
    return SourceFault(reason, keys=_keys(place[1]), line=int(place[2]), only_here=unknown)


def _keys(name: str) -> Keys:
    lib = _LIB.fullmatch(name)
    return ("libs", int(lib[1])) if lib else ("rego",)
