"""The file of a baseline: JSON, one finding a line in a fixed order, so that its diffs can be read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from flagstone import __version__
from flagstone.core import json_text
from flagstone.core.errors import UserError
from flagstone.scorecards.engine.reporting.report import BaselineEntry

_KIND = "ScoreBaseline"
_FORMAT = 1
_FIELDS = [field.name for field in fields(BaselineEntry)]
_LARGEST = 256 * 1024 * 1024


def written(entries: Iterable[BaselineEntry], scorecard: str) -> str:
    """Return the text of a baseline, with the version that it was made by."""
    head = json.dumps(
        {"kind": _KIND, "format": _FORMAT, "flagstone": __version__, "scorecard": scorecard}
    )
    lines = ",\n".join(json.dumps(asdict(entry)) for entry in entries)
    body = f"[\n{lines}\n]" if lines else "[]"
    return f'{head[:-1]},\n "findings": {body}}}\n'


def read_baseline(path: Path) -> list[BaselineEntry]:
    """Read a baseline.

    Raises:
        UserError: it cannot be read, or is none; with what to do.
    """
    data = _parsed(path)
    if not isinstance(data, dict) or data.get("kind") != _KIND:
        raise UserError(
            f"{path} is no baseline: name a file that `flagstone score --write-baseline` has written"
        )
    if data.get("format") != _FORMAT:
        raise UserError(
            f"{path} is a baseline of another format, written by Flagstone "
            f"{str(data.get('flagstone'))[:40]}: this is {__version__}; "
            "write it again with --write-baseline"
        )
    findings = data.get("findings")
    if not isinstance(findings, list):
        raise _damaged(path, "it has no list of findings")
    return [_entry(path, number, finding) for number, finding in enumerate(findings, 1)]


def _parsed(path: Path) -> Any:
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UserError(
            f"the baseline {path} cannot be read: {error.strerror}; "
            f"make one with --write-baseline {path}"
        ) from error
    if len(data) > _LARGEST:
        raise _damaged(path, f"it is larger than {_LARGEST // 2**20} MB")
    try:
        return json_text.loads(data)
    except json.JSONDecodeError as error:
        raise _damaged(path, f"line {error.lineno} is no JSON: {error.msg}") from error
    except json_text.NestedTooDeeply as error:
        raise _damaged(path, f"it is {error}") from error
    except ValueError as error:
        raise _damaged(path, "it is no JSON in UTF-8") from error


def _entry(path: Path, number: int, finding: Any) -> BaselineEntry:
    values = finding if isinstance(finding, dict) else {}
    missing = next((name for name in _FIELDS if not isinstance(values.get(name), str)), None)
    if missing is not None:
        raise _damaged(path, f"its finding number {number} has no text {missing!r}")
    return BaselineEntry(**{name: values[name] for name in _FIELDS})


def _damaged(path: Path, what: str) -> UserError:
    return UserError(
        f"the baseline {path} is damaged: {what}; "
        "take it from version control, or write it again with --write-baseline"
    )
