"""Kubernetes' named formats: `format.dns1123Label().validate(name)`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.functions.networks import FUNCTIONS as NETWORKS
from flagstone.policies.cel.values import NONE, OptionalValue, no_overload, timestamp_of

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_OLD_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_UUID = r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"


@dataclass(frozen=True, slots=True)
class Format:
    """A format; `problem` says what is wrong with a text, or nothing."""

    name: str
    problem: Callable[[str], str]
    type_name = "kubernetes.NamedFormat"


def _pattern(name: str, pattern: str, longest: int) -> Format:
    expression = re.compile(pattern, re.ASCII)

    def problem(text: str) -> str:
        if len(text) > longest:
            return f"must be no more than {longest} characters"
        return "" if expression.fullmatch(text) else f"is no {name}"

    return Format(name, problem)


def _prefix(name: str, pattern: str, longest: int) -> Format:
    """A name that something will be added to, so it may end in a dash."""
    whole = _pattern(name, pattern, longest)
    return Format(name, lambda text: whole.problem(text[:-1] + "a" if text.endswith("-") else text))


def _qualified(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if slash and _FORMATS["dns1123Subdomain"].problem(prefix):
        return "its prefix is no dns1123Subdomain"
    good = len(name) <= 63 and re.fullmatch(_QUALIFIED, name, re.ASCII)
    return "" if good else "is no qualifiedName"


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "is no base64"
    return ""


def _date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        return "is no date"
    return "" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else "is no date"


def _datetime(text: str) -> str:
    try:
        timestamp_of(text)
    except CelError:
        return "is no datetime"
    return ""


_FORMATS = {
    made.name: made
    for made in (
        _pattern("dns1123Label", _LABEL, 63),
        _pattern("dns1123Subdomain", _SUBDOMAIN, 253),
        _pattern("dns1035Label", _OLD_LABEL, 63),
        _prefix("dns1123LabelPrefix", _LABEL, 63),
        _prefix("dns1123SubdomainPrefix", _SUBDOMAIN, 253),
        _prefix("dns1035LabelPrefix", _OLD_LABEL, 63),
        Format("qualifiedName", _qualified),
        _pattern("labelValue", rf"({_QUALIFIED})?", 63),
        Format("uri", lambda text: "" if NETWORKS["isURL"](text) else "is no uri"),
        _pattern("uuid", _UUID, 36),
        Format("byte", _base64),
        Format("date", _date),
        Format("datetime", _datetime),
    )
}


def _named(name: Any) -> OptionalValue:
    made = _FORMATS.get(name)
    return OptionalValue(made, present=True) if made else NONE


def _validate(made: Any, text: Any) -> OptionalValue:
    if not isinstance(made, Format) or not isinstance(text, str):
        raise no_overload("validate", made, text)
    problem = made.problem(text)
    return OptionalValue([problem], present=True) if problem else NONE


def _getter(made: Format) -> Callable[[], Format]:
    return lambda: made


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "format.named": _named,
    "validate": _validate,
    **{f"format.{name}": _getter(made) for name, made in _FORMATS.items()},
}
