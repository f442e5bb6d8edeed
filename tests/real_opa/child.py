"""Answers questions, a line of JSON each, with OPA."""

from __future__ import annotations

import json
import sys
from typing import Any

sys.path.insert(0, sys.argv[1])

from opa_bindings import OpaEngine, OpaError, OpaUndefinedError


def answer(question: dict[str, Any]) -> dict[str, Any]:
    with OpaEngine() as engine:
        try:
            engine.add_data(question["data"])
            for name, module in question["modules"].items():
                engine.add_policy(name, module)
            return {"result": engine.eval_document(question["rule"], question["input"])}
        except OpaUndefinedError:
            return {}
        except OpaError as error:
            failed = "failed" if error.code == "eval_error" else "refused"
            return {"error": failed, "message": error.message}


for line in sys.stdin:
    sys.stdout.write(f"{json.dumps(answer(json.loads(line)))}\n")
    sys.stdout.flush()
