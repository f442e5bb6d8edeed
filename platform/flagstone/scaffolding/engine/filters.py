"""The filters of template.yaml and of skeletons: Nunjucks' and Backstage's names, with their results.

Each is bounded: a text never grows beyond `MAX_TEXT`, whatever a template does with it.
"""

from __future__ import annotations

import html
import json
import math
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from jinja2 import Undefined

from flagstone.scaffolding.engine.list_filters import LIST_FILTERS
from flagstone.scaffolding.engine.names import slug

MAX_TEXT = 64 * 1024
_TAG = re.compile(r"</?[a-z][a-z0-9]*\b[^>]*>", re.IGNORECASE)
_TAG_OR_COMMENT = re.compile(rf"{_TAG.pattern}|<!--.*?-->", re.IGNORECASE | re.DOTALL)
TOO_LONG = f"the text grows longer than {MAX_TEXT} characters"


def shown(value: Any) -> Any:
    """Give a value the text that JavaScript gives it; a mapping, which has none worth reading, its JSON."""
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(str(shown(item)) for item in value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return dump(value) if isinstance(value, Mapping) else value


def dump(value: Any, indent: int | None = None) -> str:
    """Write JSON as JavaScript's JSON.stringify does."""
    plain = None if isinstance(value, Undefined) else value
    width = (
        min(int(indent), 10) if indent else None
    )  # as JSON.stringify, which takes no more either
    separators = None if width else (",", ":")
    return bounded(json.dumps(plain, ensure_ascii=False, indent=width, separators=separators))


def bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(TOO_LONG)
    return text


def is_missing(value: Any) -> bool:
    return value is None or isinstance(value, Undefined)


def parse_repo_url(value: Any) -> dict[str, str]:
    """Split `host?owner=o&repo=r`, the value of a RepoUrlPicker; what it does not say is left out."""
    text = _text(value)
    parts = urlsplit(text if "://" in text else f"https://{text}")
    said = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    known = ("owner", "repo", "organization", "workspace", "project")
    return {"host": parts.netloc, **{key: said[key] for key in known if key in said}}


def parse_entity_ref(value: Any) -> dict[str, str]:
    """Split `kind:namespace/name`; Backstage's own filter fills in the same defaults."""
    kind, _, rest = _text(value).rpartition(":")
    namespace, _, name = rest.rpartition("/")
    return {
        "kind": kind.lower() or "component",
        "namespace": namespace.lower() or "default",
        "name": name,
    }


def _text(value: Any) -> str:
    return str(shown(value))


def _default(value: Any, fallback: Any = "", falsy: bool = False) -> Any:  # noqa: FBT001, FBT002 - the template's signature
    return fallback if is_missing(value) or (falsy and not value) else value


def project_slug(value: Any) -> str:
    repository = parse_repo_url(value)
    return "/".join(repository[key] for key in ("owner", "repo") if key in repository)


def _escape(value: Any) -> str:
    return bounded(html.escape(_text(value)))


def _pick(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(key)
    raise ValueError(f"nothing can be picked from {_text(value)!r}")


def _replace(value: Any, old: Any, new: Any) -> str:
    source, sought, wanted = _text(value), _text(old), _text(new)
    if len(source) + source.count(sought) * len(wanted) > MAX_TEXT:
        raise ValueError(TOO_LONG)
    return source.replace(sought, wanted)


def _join(value: Any, separator: Any = "") -> str:
    words, between = [_text(item) for item in value or ()], _text(separator)
    if sum(map(len, words)) + len(between) * len(words) > MAX_TEXT:
        raise ValueError(TOO_LONG)
    return between.join(words)


def _split(value: Any, separator: Any = None) -> list[str]:
    text = _text(value)
    return list(text) if separator == "" else text.split(separator)


def _indent(value: Any, width: int = 4, first: bool = False) -> str:  # noqa: FBT001, FBT002 - the template's signature
    lines = _text(value).split("\n")
    space = " " * min(int(width), 100)
    rest = [f"{space}{line}" if line else line for line in lines[0 if first else 1 :]]
    return bounded("\n".join(rest if first else [lines[0], *rest]))


def _truncate(value: Any, length: int = 255, killwords: bool = False, end: str = "...") -> str:  # noqa: FBT001, FBT002 - the template's signature
    text = _text(value)
    if len(text) <= length:
        return text
    cut = text[:length] if killwords else text[:length].rpartition(" ")[0] or text[:length]
    return cut + end


def _reverse(value: Any) -> Any:
    return value[::-1]


def _length(value: Any) -> int:
    return 0 if is_missing(value) else len(value)


def _float(value: Any, fallback: float = 0.0) -> float:
    try:
        return float(_text(value))
    except ValueError:
        return fallback


def _capitalize(value: Any) -> str:
    return _text(value).capitalize()


def _first(value: Any) -> Any:
    return value[0] if value else None


def _last(value: Any) -> Any:
    return value[-1] if value else None


def _slice(value: Any, start: int = 0, end: int | None = None) -> Any:
    return (value if isinstance(value, list) else _text(value))[start:end]


def _center(value: Any, width: int = 80) -> str:
    text = _text(value)
    room = min(int(width), MAX_TEXT) - len(text)
    return " " * (room // 2) + text + " " * (room - room // 2) if room > 0 else text


def _nl2br(value: Any) -> str:
    text = _text(value)
    if len(text) + text.count("\n") * len("<br />") > MAX_TEXT:
        raise ValueError(TOO_LONG)
    return text.replace("\r\n", "\n").replace("\n", "<br />\n")


def _striptags(value: Any, preserve_linebreaks: bool = False) -> str:  # noqa: FBT001, FBT002 - the template's signature
    text = _text(value)
    # a tag or comment that nothing closes would be sought to the end of the text, from each place that begins one
    comments_end, tags_end = text.rfind("-->") + len("-->"), text.rfind(">") + 1
    comments_end = comments_end if comments_end >= len("-->") else 0
    plain = (
        _TAG_OR_COMMENT.sub("", text[:comments_end])
        + _TAG.sub("", text[comments_end:tags_end])
        + text[max(comments_end, tags_end) :]
    ).strip()
    if not preserve_linebreaks:
        return " ".join(plain.split())
    lines = (" ".join(filter(None, line.split(" "))) for line in plain.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _round(value: Any, precision: int = 0, method: str = "common") -> Any:
    """Round as JavaScript does: a half goes up, not to the even number."""
    scale = 10 ** min(max(int(precision), 0), 15)
    ways = {"ceil": math.ceil, "floor": math.floor}
    way = ways.get(method, lambda number: math.floor(number + 0.5))
    found = way(value * scale) / scale
    return int(found) if found.is_integer() else found


FILTERS: dict[str, Callable[..., Any]] = {
    **LIST_FILTERS,
    "abs": abs,
    "capitalize": _capitalize,
    "center": _center,
    "d": _default,
    "default": _default,
    "dump": dump,
    "e": _escape,
    "escape": _escape,
    "first": _first,
    "float": _float,
    "forceescape": _escape,
    "indent": _indent,
    "int": lambda value: int(_text(value)),
    "join": _join,
    "jsonify": lambda value: dump(value, 4),
    "last": _last,
    "length": _length,
    "list": lambda value: list(value or ()),
    "lower": lambda value: _text(value).lower(),
    "nl2br": _nl2br,
    "parseEntityRef": parse_entity_ref,
    "parseRepoUrl": parse_repo_url,
    "pick": _pick,
    "projectSlug": project_slug,
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "safe": lambda value: value,
    "slugify": lambda value: slug(_text(value)),
    "split": _split,
    "string": _text,
    "striptags": _striptags,
    "title": lambda value: _text(value).title(),
    "trim": lambda value: _text(value).strip(),
    "truncate": _truncate,
    "upper": lambda value: _text(value).upper(),
    "urlencode": lambda value: bounded(quote(_text(value), safe="")),
    "wordcount": lambda value: len(_text(value).split()),
    "wordwrap": lambda value, width=79: bounded(textwrap.fill(_text(value), width)),
}

METHODS: dict[str, Callable[..., Any]] = {
    "concat": lambda value, other: (
        value + other if isinstance(value, list) else _text(value) + _text(other)
    ),
    "endsWith": lambda value, end: _text(value).endswith(_text(end)),
    "includes": lambda value, part: (
        part in value if isinstance(value, list) else _text(part) in _text(value)
    ),
    "indexOf": lambda value, part: value.index(part) if part in value else -1,
    "join": lambda value, separator=",": _join(value, separator),
    "replace": lambda value, old, new: bounded(_text(value).replace(_text(old), _text(new), 1)),
    "replaceAll": _replace,
    "slice": _slice,
    "split": _split,
    "startsWith": lambda value, start: _text(value).startswith(_text(start)),
    "substring": _slice,
    "toLowerCase": lambda value: _text(value).lower(),
    "toString": _text,
    "toUpperCase": lambda value: _text(value).upper(),
    "trim": lambda value: _text(value).strip(),
}
"""JavaScript's methods of texts and lists, as templates call them: `parameters.name.toLowerCase()`."""
