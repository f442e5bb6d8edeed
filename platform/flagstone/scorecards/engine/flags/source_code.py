"""Which flags a program asks for, and by whose SDK: a search of its text, in four languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from flagstone.policies.manifests.snapshot import Snapshot

SUFFIXES = (
    *(
        ".py",
        ".go",
        ".js",
        ".mjs",
        ".cjs",
        ".jsx",
        ".ts",
        ".mts",
        ".cts",
        ".tsx",
        ".vue",
        ".svelte",
    ),
    *(".java", ".kt", ".scala", ".groovy", ".cs", ".rb", ".php", ".rs", ".swift", ".dart"),
)
_MOST_FILES, _LONGEST = 5_000, 256 * 1024
_ELSEWHERE = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third_party|dist|build|target|\.venv|site-packages)/|\.min\.js$"
)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|e2e|testdata|fixtures|mocks?)/|(?:^|/)(?:test_[^/]*|conftest)\.py$"
    r"|_test\.(?:go|py|rb)$|\.(?:test|spec)\.\w+$|Tests?\.(?:java|kt|cs)$"
)
_TYPES = r"(?:boolean|bool|string|number|integer|int|float|double|object)"
_MENTION = re.compile(
    rb"openfeature|open_feature|ofrep|launchdarkly|ldclient|unleash|splitio|split\.io|split\.client|splitsoftware|flagsmith"
    rb"|configcat|get_?(?:boolean|string|number|integer|float|double|object)_?(?:value|details)",
    re.IGNORECASE,
)
_OPEN_FEATURE = re.compile(
    r"@openfeature/|\bopenfeature\b|open-feature/|dev\.openfeature|OpenFeature\.", re.IGNORECASE
)
_IMPORT = re.compile(
    r"^[ \t]*(?:import\b|from\b|const\b.*\brequire\(|(?:var|let)\b.*\brequire\(|require\b|using\b|use\b"
    r"|\}[ \t]*from\b|\"[^\"]+\"$|\w+[ \t]+\"[^\"]+\"$|export\b.*\bfrom\b).*$",
    re.MULTILINE,
)
_OFREP = re.compile(r"/ofrep/v\d", re.IGNORECASE)
_PROVIDER = re.compile(
    r"\bset_?(?:named_?)?provider(?:_?and_?wait|_?sync|_?async)?\s*\(|<OpenFeatureProvider\b"
    r"|\bOpenFeatureModule\b|\bAddProvider\s*\(",
    re.IGNORECASE,
)
_VENDORS = {
    "LaunchDarkly": re.compile(r"launchdarkly|\bldclient\b", re.IGNORECASE),
    "Unleash": re.compile(r"unleash", re.IGNORECASE),
    "Split": re.compile(r"splitio|split\.client|splitsoftware", re.IGNORECASE),
    "Flagsmith": re.compile(r"flagsmith", re.IGNORECASE),
    "ConfigCat": re.compile(r"configcat", re.IGNORECASE),
}
_CALL = re.compile(
    rf"(?P<who>[\w\]\)]{{0,60}})\??(?P<dot>\.|::|->)?\b(?P<name>(?:get_?|use_?)?{_TYPES}_?(?:flag_?)?"
    r"(?:value|details|evaluation)(?:_?details|_?async)*)\s{0,5}(?:<[^<>()\n]{0,60}>)?\(",
    re.IGNORECASE,
)
_RECEIVER = re.compile(r"flag|feature|client", re.IGNORECASE)
_TEXT = re.compile(r"""^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`([^`$]*)`)$""")
_CONTEXT = re.compile(
    r"^(?:ctx|context\.\w+\(.*|\w*(?:ctx|context)\w*(?:\(\))?|\w+\.Context\(\))$", re.IGNORECASE
)
_NAME = re.compile(r"(?:[\w$]+(?:\.|::))*([A-Za-z_$][\w$]*)$")
_CONSTANT = re.compile(
    r"""(?<![\w.])([A-Za-z_$][\w$]{0,80})[ \t]{0,5}(?::[ \t]{0,5}[\w.\[\]]{1,80}[ \t]{0,5})?(?::?=|:)[ \t]{0,5}"""
    r"""(?:"([^"\n]{1,200})"|'([^'\n]{1,200})')"""
)
_LONGEST_CALL = 600


@dataclass(frozen=True, slots=True)
class FlagCall:
    """One evaluation of a flag.

    Attributes:
        path: the file.
        line: its line.
        key: the flag's key; "" if it is put together at run time.
        has_default: a value is given for when nobody answers.
    """

    path: str
    line: int
    key: str
    has_default: bool


def mentions_flags(data: bytes) -> bool:
    """Whether a file may ask for feature flags, told fast."""
    return len(data) <= _LONGEST and _MENTION.search(data) is not None


def source_files(snapshot: Snapshot) -> Iterator[str]:
    """The programs of a snapshot that mention feature flags: not their tests, nor what others wrote."""
    left = _MOST_FILES
    for path in snapshot.paths():
        if not path.endswith(SUFFIXES) or _TEST.search(path) or _ELSEWHERE.search(path):
            continue
        left -= 1
        if left < 0:
            return
        try:
            data = snapshot.files[path]
        except (KeyError, OSError):
            continue
        if mentions_flags(data):
            yield path


class SourceCode:
    """The files of one service that mention feature flags."""

    def __init__(self, snapshot: Snapshot, paths: Iterable[str]) -> None:
        self._texts = {path: snapshot.read_text(path) or "" for path in paths}

    @property
    def paths(self) -> list[str]:
        return list(self._texts)

    @cached_property
    def open_feature(self) -> list[str]:
        """The files that import an SDK of OpenFeature, or speak its protocol."""
        return [
            path
            for path, text in self._texts.items()
            if _OFREP.search(text) or any(_OPEN_FEATURE.search(line) for line in _imports(text))
        ]

    @cached_property
    def speaks_protocol(self) -> list[str]:
        """The files that ask over HTTP (OFREP), without an SDK."""
        return [path for path, text in self._texts.items() if _OFREP.search(text)]

    @cached_property
    def providers(self) -> list[str]:
        """The files that register a provider."""
        return [path for path, text in self._texts.items() if _PROVIDER.search(text)]

    @cached_property
    def vendors(self) -> list[tuple[str, int, str]]:
        """Where a vendor's own SDK is imported: path, line, vendor; not where a provider is set up."""
        found = []
        for path, text in self._texts.items():
            if path in self.providers:
                continue
            for match in _IMPORT.finditer(text):
                line = match[0]
                for vendor, pattern in _VENDORS.items():
                    if pattern.search(line) and not _OPEN_FEATURE.search(line):
                        found.append((path, _line_of(text, match.start()), vendor))
        return found

    @cached_property
    def calls(self) -> list[FlagCall]:
        return [call for path, text in self._texts.items() for call in self._calls(path, text)]

    def _calls(self, path: str, text: str) -> Iterator[FlagCall]:
        imports = path in self.open_feature
        for match in _CALL.finditer(text):
            arguments = _arguments(text, match.end())
            if arguments is None or _is_definition(text, match.start("name")):
                continue
            name = match["name"].lower()
            hook = name.startswith("use")
            if not (match["dot"] or hook) or not (
                imports or hook or _RECEIVER.search(match["who"])
            ):
                continue
            if arguments and _CONTEXT.match(arguments[0]) and len(arguments) > 1:
                arguments = arguments[1:]
            if not arguments:
                continue
            key = self._key(arguments[0], path)
            if not imports and not key:
                continue  # a getter of something else
            yield FlagCall(path, _line_of(text, match.start("name")), key, len(arguments) > 1)

    def _key(self, argument: str, path: str) -> str:
        argument = argument.removeprefix("flagKey:").removeprefix("flag_key=").strip()
        if literal := _TEXT.match(argument):
            return next(filter(None, literal.groups()), "")
        name = _NAME.fullmatch(argument)
        if name is None:
            return ""
        here = self._constants[path].get(name[1], set())
        known = here or {v for found in self._constants.values() for v in found.get(name[1], ())}
        return next(iter(known)) if len(known) == 1 else ""

    @cached_property
    def _constants(self) -> dict[str, dict[str, set[str]]]:
        found: dict[str, dict[str, set[str]]] = {}
        for path, text in self._texts.items():
            own = found.setdefault(path, {})
            for name, one, other in _CONSTANT.findall(text):
                own.setdefault(name, set()).add(one or other)
        return found


def _imports(text: str) -> Iterator[str]:
    return (match[0] for match in _IMPORT.finditer(text))


def _line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _is_definition(text: str, offset: int) -> bool:
    """Whether what looks like a call declares a function, or stands in a comment."""
    start = text.rfind("\n", 0, offset) + 1
    if text[start : start + 100].lstrip().startswith(("//", "#", "*", "/*")):
        return True
    before = text[max(start, offset - 200) : offset].strip()
    return bool(re.search(r"\b(?:def|func|function|fun)\s*(?:\([^)]*\)\s*)?$", before))


def _arguments(text: str, start: int) -> list[str] | None:
    """The arguments of a call whose bracket was just opened; None if it does not end soon."""
    depth, quote, begin = 0, "", start
    found: list[str] = []
    for offset in range(start, min(len(text), start + _LONGEST_CALL)):
        char = text[offset]
        if quote:
            if char == quote and text[offset - 1] != "\\":
                quote = ""
        elif char in "\"'`":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}" and depth:
            depth -= 1
        elif char == ")" or (char == "," and not depth):
            found.append(text[begin:offset].strip())
            begin = offset + 1
            if char == ")":
                return [argument for argument in found if argument]
    return None
