"""The results of gator suites: for people, as JSON, as JUnit XML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from flagstone import __version__
from flagstone.cli.formats.style import Style
from flagstone.core.hidden_characters import on_one_line, written_out
from flagstone.policies.suites.running import CaseResult, SuiteResult, TestResult

_GREEN, _RED, _DIM, _BOLD = "32", "31", "2", "1"
_COLOURS = {"pass": _GREEN, "fail": _RED, "skip": _DIM}


def as_text(results: Sequence[SuiteResult], style: Style) -> str:
    return "\n".join([*_lines(results, style), _summary(results, style), ""])


def _lines(results: Sequence[SuiteResult], style: Style) -> Iterator[str]:
    for suite in results:
        yield style.paint(on_one_line(str(suite.path)), _BOLD)
        yield from _wrong(suite, style, 2)
        for note in suite.notes:
            yield from style.wrap(f"note  {note}", 2)
        for test in suite.tests:
            yield f"  {_word(test, style)}  {on_one_line(test.name)}"
            yield from _wrong(test, style, 8)
            for case in test.cases:
                yield f"    {_word(case, style)}  {on_one_line(case.name)}"
                yield from _wrong(case, style, 10)
        yield ""


def _wrong(result: SuiteResult | TestResult | CaseResult, style: Style, indent: int) -> list[str]:
    return style.wrap(result.problem, indent) if result.problem else []


def _word(result: TestResult | CaseResult, style: Style) -> str:
    word = _status(result)
    return style.paint(word, _COLOURS[word])


def _status(result: SuiteResult | TestResult | CaseResult) -> str:
    if result.skipped:
        return "skip"
    inner: tuple[Any, ...] = ()
    if isinstance(result, SuiteResult):
        inner = result.tests
    elif isinstance(result, TestResult):
        inner = result.cases
    failed = bool(result.problem) or any(_status(each) == "fail" for each in inner)
    return "fail" if failed else "pass"


def _counts(results: Sequence[SuiteResult]) -> Counter[str]:
    """Cases; a suite or test that has a problem of its own, or no cases, counts as one."""
    counts: Counter[str] = Counter()
    for suite in results:
        if suite.problem or suite.skipped or not suite.tests:
            counts[_status(suite)] += 1
        for test in suite.tests:
            if test.problem or test.skipped or not test.cases:
                counts[_status(test)] += 1
            counts.update(_status(case) for case in test.cases)
    return counts


def _summary(results: Sequence[SuiteResult], style: Style) -> str:
    counts = _counts(results)
    words = {"pass": "passed", "fail": "failed", "skip": "skipped"}
    said = ", ".join(
        f"{counts[key]} {word}" for key, word in words.items() if counts[key] or key == "pass"
    )
    suites = f"{len(results)} suite{'' if len(results) == 1 else 's'}"
    return style.paint(f"{said} in {suites}", _BOLD, _RED if counts["fail"] else _GREEN)


def as_json(results: Sequence[SuiteResult]) -> str:
    counts = _counts(results)
    data = {
        "tool": {"name": "flagstone", "version": __version__},
        "summary": {key: counts[key] for key in ("pass", "fail", "skip")},
        "suites": [
            {
                "path": str(suite.path),
                "status": _status(suite),
                "problem": suite.problem,
                "notes": list(suite.notes),
                "tests": [
                    {
                        "name": test.name,
                        "status": _status(test),
                        "problem": test.problem,
                        "cases": [_case(case) for case in test.cases],
                    }
                    for test in suite.tests
                ],
            }
            for suite in results
        ],
    }
    return json.dumps(data, indent=1) + "\n"


def _case(case: CaseResult) -> dict[str, Any]:
    return {
        "name": case.name,
        "status": _status(case),
        "problem": case.problem,
        "messages": list(case.messages),
        "seconds": round(case.seconds, 4),
    }


def as_junit(results: Sequence[SuiteResult]) -> str:
    counts = _counts(results)
    total = sum(counts.values())
    head = (
        f'<testsuites name="flagstone policy verify" tests="{total}" failures="{counts["fail"]}">'
    )
    suites = [line for suite in results for line in _junit_suite(suite)]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>\n"])


def _junit_suite(suite: SuiteResult) -> Iterator[str]:
    counts = _counts([suite])
    numbers = (
        f'tests="{sum(counts.values())}" failures="{counts["fail"]}" skipped="{counts["skip"]}"'
    )
    yield f"<testsuite name={_attribute(str(suite.path))} {numbers}>"
    if suite.problem or suite.skipped or not suite.tests:
        yield _junit_case(str(suite.path), "suite", suite)
    for test in suite.tests:
        if test.problem or test.skipped or not test.cases:
            yield _junit_case(test.name, "test", test)
        yield from (_junit_case(test.name, case.name, case) for case in test.cases)
    if suite.notes:
        yield f"  <system-out>{escape(written_out(chr(10).join(suite.notes)))}</system-out>"
    yield "</testsuite>"


def _junit_case(test: str, name: str, result: SuiteResult | TestResult | CaseResult) -> str:
    seconds = f' time="{result.seconds:.4f}"' if isinstance(result, CaseResult) else ""
    head = f"  <testcase classname={_attribute(test)} name={_attribute(name)}{seconds}"
    if result.skipped:
        return f"{head}><skipped/></testcase>"
    if result.problem:
        text = escape(written_out(result.problem))
        return f"{head}><failure message={_attribute(result.problem)}>{text}</failure></testcase>"
    return f"{head}/>"


def _attribute(text: str) -> str:
    return quoteattr(on_one_line(text))
