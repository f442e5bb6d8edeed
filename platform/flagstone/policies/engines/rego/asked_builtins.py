"""Functions of OPA that the engine has not and Rego is too weak for: a policy that calls one is asked again.

The engine takes no functions of ours. A call whose answer is not among its data is noted (as a print of the
library below) and is undefined; the runner works the answers out, adds them to the data, and evaluates again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.engines.rego import cidr_merge, go_verbs, json_patch
from flagstone.policies.engines.rego.go_verbs import NotKnown
from flagstone.policies.engines.sources import SourceFault

PACKAGE = "flagstone.given"
DATA = "flagstone_answers"
_MARK = "flagstone asks"
_HASHES = ("md5", "sha1", "sha256")
_KEYED = (*_HASHES, "sha512")


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: `key` is its arguments as the library looks its answer up."""

    name: str
    key: str
    arguments: list[Any]
    has_sets: bool

    def answer(self) -> Any:
        """What OPA answers.

        Raises:
            SourceFault: it has no answer either, or it is not known what it would be.
        """
        if self.has_sets and self.name != "net.cidr_merge":
            reason = f"it calls {self.name}() with a set, which is not done here"
            raise SourceFault(reason, keys=("rego",), only_here=True)
        try:
            return _FUNCTIONS[self.name](*self.arguments)
        except (ValueError, RecursionError) as error:
            raise SourceFault(f"{self.name}: {error}", keys=("rego",)) from None
        except NotKnown as error:
            reason = f"it calls {self.name}() with {error}, which is not done here"
            raise SourceFault(reason, keys=("rego",), only_here=True) from None


def asked_in(prints: Iterable[str]) -> Iterator[Asked]:
    """The calls that a run has noted among what it printed."""
    for line in prints:
        _, mark, text = line.partition(_MARK)
        if mark:
            try:
                name, key, has_sets = json.loads(text)
                asked = Asked(name, key, json.loads(key), has_sets is True)
            except (ValueError, TypeError):
                continue  # a print of the policy's own
            if asked.name in _FUNCTIONS and isinstance(asked.arguments, list):
                yield asked


def _hashed(algorithm: str) -> Callable[..., str]:
    def digest(text: Any) -> str:
        return hashlib.new(algorithm, _bytes(text, 1), usedforsecurity=False).hexdigest()

    return digest


def _keyed(algorithm: str) -> Callable[..., str]:
    def digest(text: Any, key: Any) -> str:
        return hmac.new(_bytes(key, 2), _bytes(text, 1), algorithm).hexdigest()

    return digest


def _bytes(text: Any, position: int) -> bytes:
    if not isinstance(text, str):
        raise ValueError(f"operand {position} must be a string")  # noqa: TRY004 - OPA's own error
    return text.encode(errors="replace")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"crypto.{name}": _hashed(name) for name in _HASHES},
    **{f"crypto.hmac.{name}": _keyed(name) for name in _KEYED},
    "json.patch": json_patch.patched,
    "net.cidr_merge": cidr_merge.merged,
    "sprintf": go_verbs.written,
}
# How a policy's call is renamed; sprintf is rewritten verb by verb.
RENAMED = {
    name: f"data.{PACKAGE}.{name.replace('.', '_')}" for name in _FUNCTIONS if name != "sprintf"
}


def _functions() -> Iterator[str]:
    for name in RENAMED:
        arguments = "a, b" if name == "json.patch" or ".hmac." in name else "a"
        value = f'asked("{name}", [{arguments}])'
        if name == "net.cidr_merge":
            value = f"{{each | some each in {value}}}"
        yield f"{name.replace('.', '_')}({arguments}) := {value}"


LIBRARY = f"""package {PACKAGE}
asked(name, values) := answer.value if {{
  answer := data.{DATA}[name][json.marshal(values)]
}} else := nothing if {{
  has_sets := count([1 | walk(values, [_, value]); is_set(value)]) > 0
  print("{_MARK}", json.marshal([name, json.marshal(values), has_sets]))
  nothing := data.{DATA}.nothing
}}
{chr(10).join(_functions())}
"""
