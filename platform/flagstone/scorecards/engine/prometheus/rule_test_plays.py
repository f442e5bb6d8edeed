"""Rules and their tests as promtool is given them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from flagstone.scorecards.engine.alert_scenarios.test_files import Play

RULES = "rules.json"
_NOT_FINITE = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<sign>-?)(?P<number>NaN|Infinity)')


def play_of(
    groups: Sequence[dict[str, Any]], document: dict[str, Any], *, ordered: bool = False
) -> Play:
    """Write the groups of a rule file and a test file down; `ordered` by their keys.

    Raises:
        TypeError: they were to be ordered, and have keys of several types.
    """
    return Play(as_json({"groups": groups}, ordered=ordered), as_json(document, ordered=ordered))


def as_json(value: Any, *, ordered: bool = False) -> str:
    """JSON that is YAML as well, which has other words for what is no finite number.

    Raises:
        TypeError: it was to be ordered by its keys, which are of several types.
    """

    def in_yaml(found: re.Match[str]) -> str:
        if found["number"] is None:
            return found[0]
        return ".nan" if found["number"] == "NaN" else f"{found['sign']}.inf"

    return _NOT_FINITE.sub(in_yaml, json.dumps(value, default=str, sort_keys=ordered))
