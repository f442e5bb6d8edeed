"""GitLab's `rules`, `only` and `except`: whether a job runs for a merge request, or by the clock.

What is unknown (the value of a variable that the files do not give, which files were changed) may hold. A plain
merge request has no labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.scorecards.engine.yaml_files import text_of

_LONGEST = 2_000
_TOKEN = re.compile(
    r"""\s*(?:\$\{?(?P<name>\w+)\}?|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<pattern>/(?:[^/\\]|\\.)*/i?)"""
    r"""|(?P<null>null)\b|(?P<sign>==|!=|=~|!~|&&|\|\||[()]))"""
)
_SOME = object()  # a text that is there, whatever it says


@dataclass(frozen=True, slots=True)
class Source:
    """What started a pipeline.

    Attributes:
        word: its name in `only` and `except`.
        known: the variables that have a value then; None for one that is empty.
        unset: what the names of variables begin with that are not set then.
    """

    word: str
    known: Mapping[str, object]
    unset: tuple[str, ...]


MERGE_REQUEST = Source(
    "merge_requests",
    {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_ID": _SOME,
        "CI_MERGE_REQUEST_IID": _SOME,
        "CI_MERGE_REQUEST_LABELS": None,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": _SOME,
        "CI_DEFAULT_BRANCH": _SOME,
    },
    ("CI_COMMIT_BRANCH", "CI_COMMIT_TAG"),
)
SCHEDULE = Source(
    "schedules",
    {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": _SOME},
    ("CI_MERGE_REQUEST_", "CI_COMMIT_TAG", "CI_OPEN_MERGE_REQUESTS"),
)


@dataclass(frozen=True, slots=True)
class Runs:
    """Whether a job may run, and whether its failure is then tolerated."""

    may: bool
    tolerated: bool = False


def runs(job: Mapping[str, Any], source: Source) -> Runs:
    """Decide by a job's own `rules`, or by its `only` and `except`; a job with neither follows branches."""
    tolerated = _tolerates(job.get("allow_failure"))
    if isinstance(job.get("rules"), list):
        return _by_rules(sequence(job["rules"]), source, tolerated=tolerated)
    if text_of(job.get("when")) == "manual" and job.get("allow_failure") is None:
        tolerated = True
    refs = list(_refs(job.get("only")))
    may = source.word in refs
    if not refs and job.get("only") is None:
        may = source.word != MERGE_REQUEST.word  # branches and tags; nobody said merge requests
    if source.word in _refs(job.get("except")) or text_of(job.get("when")) == "never":
        may = False
    return Runs(may, tolerated)


def _by_rules(rules: list[Any], source: Source, *, tolerated: bool) -> Runs:
    """The first rule that holds decides; one that may hold leaves it to the next ones too."""
    possible = list[bool]()
    for rule in map(mapping, _flat(rules)):
        holds = _holds(text_of(rule.get("if")), source) if "if" in rule else True
        if holds is False:
            continue
        if text_of(rule.get("when")) != "never":
            possible.append(_tolerates(rule.get("allow_failure", tolerated)))
        if holds and not {"changes", "exists"} & rule.keys():
            break
    return Runs(bool(possible), bool(possible) and all(possible))


def _flat(rules: list[Any], depth: int = 5) -> Iterator[Any]:
    for rule in rules:
        if isinstance(rule, list) and depth:
            yield from _flat(rule, depth - 1)
        else:
            yield rule


def _refs(value: object) -> Iterator[str]:
    refs = mapping(value).get("refs") if isinstance(value, dict) else value
    for item in refs if isinstance(refs, list) else [refs]:
        if isinstance(item, str):
            yield item
    conditions = mapping(value).get("variables")
    if conditions and any("merge_request" in str(one).lower() for one in sequence(conditions)):
        yield MERGE_REQUEST.word


def _tolerates(value: object) -> bool:
    if isinstance(value, dict):
        codes = value.get("exit_codes")
        return 1 in codes if isinstance(codes, list) else codes == 1
    return value is True


def _holds(condition: str, source: Source) -> bool | None:
    """Whether a condition holds; None if that cannot be told."""
    if len(condition) > _LONGEST:
        return None
    tokens, position = list[tuple[str, str]](), 0
    text = condition.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            return None
        kind = str(found.lastgroup)
        tokens.append((kind, found[kind]))
        position = found.end()
    reader = _Reader(tokens, source)
    try:
        value = reader.either()
    except (IndexError, RecursionError):
        return None
    return value if reader.position == len(tokens) else None


class _Reader:
    """Reads one condition from its tokens, and works it out on the way."""

    def __init__(self, tokens: list[tuple[str, str]], source: Source) -> None:
        self.tokens = tokens
        self.source = source
        self.position = 0

    def either(self) -> bool | None:
        value = self._both()
        while self._takes("||"):
            other = self._both()
            value = True if value or other else None if None in (value, other) else False
        return value

    def _both(self) -> bool | None:
        value = self._compared()
        while self._takes("&&"):
            other = self._compared()
            value = False if False in (value, other) else None if None in (value, other) else True
        return value

    def _compared(self) -> bool | None:
        if self._takes("("):
            value = self.either()
            self._takes(")")
            return value
        left, known = self._operand()
        for sign, wanted in (("==", True), ("!=", False), ("=~", True), ("!~", False)):
            if self._takes(sign):
                right, right_known = self._operand()
                if not known or not right_known:
                    return None
                same = _same(left, right) if "~" not in sign else _fits(left, right)
                return None if same is None else same is wanted
        return (left not in {None, ""}) if known else None

    def _takes(self, sign: str) -> bool:
        if self.position < len(self.tokens) and self.tokens[self.position] == ("sign", sign):
            self.position += 1
            return True
        return False

    def _operand(self) -> tuple[object, bool]:
        """A value, and whether it is known."""
        kind, text = self.tokens[self.position]
        self.position += 1
        if kind == "sign":
            raise IndexError(self.position)
        if kind != "name":
            return (None if kind == "null" else text), True
        if text in self.source.known:
            return self.source.known[text], True
        return None, text.startswith(self.source.unset)


def _same(left: object, right: object) -> bool | None:
    if _SOME in (left, right):
        return False if None in (left, right) else None
    return left == right


def _fits(value: object, pattern: object) -> bool | None:
    if value is None:
        return False
    if not isinstance(value, str) or not isinstance(pattern, str):
        return None
    flags = re.IGNORECASE if pattern.endswith("i") else 0
    body = pattern.rstrip("i").strip("/")
    if not re.fullmatch(r"[\w\s^$.|()?:-]{0,100}", body) or body.count("?") > 3:
        return None  # other patterns of a stranger are not tried
    try:
        return re.search(body, value, flags) is not None
    except re.error:
        return None
