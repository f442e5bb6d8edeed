"""A source that is ready to run, in one thread."""

from __future__ import annotations

from typing import Protocol

from flagstone.policies.engines.cel_runner import CelRunner
from flagstone.policies.engines.rego.runner import RegoRunner
from flagstone.policies.engines.sources import CelSource, Source


class Runner(Protocol):
    """Runs one source, again and again."""

    def know(self, inventory_json: str) -> None:
        """Take the other objects, as `{"inventory": ...}`; the same text is taken once."""

    def run(self, input_json: str) -> str:
        """The violations that the source yields for an input, as a JSON list.

        Raises:
            SourceFault: it cannot be evaluated on this input.
        """


def runner_of(source: Source) -> Runner:
    """Compile a source.

    Raises:
        SourceFault: it does not compile.
    """
    return CelRunner(source) if isinstance(source, CelSource) else RegoRunner(source)
