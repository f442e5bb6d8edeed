"""Answers questions, a line of JSON each, with OPA."""

from __future__ import annotations

import json
import sys

sys.path.insert(0, sys.argv[1])

from opa_bindings import OpaEngine, OpaError


def answer(question: dict[str, object]) -> object:
    with OpaEngine() as engine:
        try:
            engine.add_policy("policy.rego", question["module"])
            return engine.eval_document(question["rule"], question["input"])
        except OpaError as error:
            return "failed" if error.code == "eval_error" else "refused"


for line in sys.stdin:
    sys.stdout.write(f"{json.dumps(answer(json.loads(line)))}\n")
    sys.stdout.flush()
