from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from flagstone import forge
from flagstone.core.errors import ExternalError, UserError
from flagstone.core.redaction import redact
from flagstone.forge import errors

LEAVES = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, errors.ForgeError)
]


@pytest.mark.parametrize("kind", LEAVES)
def test_a_family_says_whether_trying_again_helps(kind: type[errors.ForgeError]) -> None:
    error = kind("It broke.")
    assert isinstance(error, ExternalError)
    assert error.retryable is issubclass(kind, errors.Retryable | errors.OutcomeUnknown)


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.default_code for kind in LEAVES]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("forge.") for code in codes)


def test_what_a_person_can_mend_is_a_user_error() -> None:
    assert issubclass(errors.MergeConflict, UserError)
    assert issubclass(errors.InvalidPath, UserError)
    assert not issubclass(errors.TimedOut, UserError)


def test_no_message_carries_a_credential() -> None:
    error = errors.TransportError("cannot reach https://mia:canary@host/x", retry_after=3, ref="x")
    assert str(error) == error.message == "cannot reach https://[redacted]@host/x"
    assert (error.retry_after, error.params) == (3, {"ref": "x"})


def test_no_sentence_of_ours_is_taken_for_a_credential() -> None:
    folder = Path(forge.__path__[0])
    raised = [
        (file.name, ast.unparse(node))
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Raise)
    ]
    assert len(raised) > 100
    assert [(name, words) for name, words in raised if redact(words) != words] == []


def test_no_message_carries_what_a_database_cannot_hold() -> None:
    error = errors.PolicyRejected("It said: a\0b \ud800\nnext: ü")
    assert str(error) == error.message == "It said: a⟨U+0000⟩b ⟨U+D800⟩\nnext: ü"
