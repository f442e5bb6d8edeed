"""How policies are put to an engine, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flagstone.policies.engines.sources import SourceFault
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError

if TYPE_CHECKING:
    from flagstone.policies.gatekeeper.inventory import Inventory
    from flagstone.policies.gatekeeper.templates import Template


class Program(Protocol):
    """A template that an engine has compiled."""

    @property
    def template(self) -> Template: ...


@dataclass(frozen=True, slots=True)
class Question:
    """One policy put to one object.

    Attributes:
        program: the policy, compiled by the engine that is asked.
        input_json: the input of the evaluation.
        inventory: the other objects, for a policy that looks at them.
        about: the object, in words.
    """

    program: Program
    input_json: str
    inventory: Inventory | None
    about: str


Answer = object  # what the rule yields, as JSON: a list if it is as it should be; or a PolicyError


class Engine(Protocol):
    """Compiles templates and evaluates them; safe to use from any thread."""

    def compile(self, template: Template) -> Program:
        """Make a template ready.

        Raises:
            PolicyError: it does not compile.
        """

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """What each policy says: its violations, or why it has no answer. Never raises PolicyError."""


def explained(fault: SourceFault, template: Template) -> PolicyError:
    """A fault of a source, with the file and the line that a person edits."""
    manifest = template.manifest
    keys = (*template.source.keys, *fault.keys)
    line = manifest.line(*keys)
    if line is not None and fault.line and _is_of_many_lines(manifest.at(*keys)):
        line += fault.line
    error = NotEvaluated if fault.only_here else PolicyError
    return error(fault.reason, path=manifest.path, line=line, policy=template.name)


def _is_of_many_lines(text: Any) -> bool:
    """Tell whether it starts below its key, as what is written in a block does."""
    return isinstance(text, str) and "\n" in text
