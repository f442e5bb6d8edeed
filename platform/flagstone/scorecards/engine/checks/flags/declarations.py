"""FF-02, FF-05, FF-07: what flagd is given is what it understands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from flagstone.policies.manifests.objects import mapping
from flagstone.scorecards.engine.flags.flag_sets import Flag, FlagSet
from flagstone.scorecards.engine.flags.targeting import Fraction, constants, fractions, variables
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

NO_FLAGS = "no declaration of flags is in view"
_STATES = ("ENABLED", "DISABLED")
_TYPES = ((bool, "boolean"), (int | float, "number"), (str, "string"), (dict, "object"))
_SCHEMA = re.compile(
    r"https?://(?:www\.)?flagd\.dev/schema/v\d+(?:\.\d+)*/(?:flags|flagd-definitions)\.json#?"
)
_FLAG_KEY = "$flagd.flagKey"
_WHOLE = 100


@check(
    id="FF-02",
    name="Each flag has a state, variants of one type, and a default among them",
    severity=Severity.H,
    rule=f"Each flag has `state` {' or '.join(_STATES)}, at least two `variants`, all of one type (boolean, number, "
    "string or object), and a `defaultVariant` that is a text and one of them. No defaultVariant at all is a "
    "warning of low severity: the default in the code holds then.",
    why="flagd refuses a flag whose default does not exist, and a program that asks for a boolean gets "
    "an error for a text: the code's default holds, whatever the file says.",
    remedy="Give each flag `state: ENABLED` or `DISABLED`, two or more `variants` of one type, and a "
    '`defaultVariant` that is one of them; put "on" and "off" in quotes, for YAML reads them as true and '
    "false.",
    not_applicable="No declaration of flags is in view.",
    no_data=unrendered("The declaration of flags is"),
)
def sound(service: ServiceView, params: NoParams) -> Outcome:
    found = Findings()
    for flag in _flags(service):
        found.judged += 1
        found.faults += _state_faults(flag)
        found.faults += _variant_faults(flag)
        default = flag.raw.get("defaultVariant")
        if default is None:
            fault = flag.fault("no defaultVariant: the default in the code holds")
            found.close.append(replace(fault, severity=Severity.L))
        elif not isinstance(default, str):
            message = f"defaultVariant is {_shown(default)}, no text: put it in quotes"
            found.faults.append(flag.fault(message, "defaultVariant"))
        elif default not in flag.variants:
            message = f"defaultVariant {default!r} is none of its variants"
            found.faults.append(flag.fault(message, "defaultVariant"))
    return found.verdict("each flag is sound", nothing=NO_FLAGS)


def _flags(service: ServiceView) -> Iterator[Flag]:
    for owner in service.flag_sets:
        yield from owner.flags


def _state_faults(flag: Flag) -> Iterator[Fault]:
    state = flag.raw.get("state")
    if state not in _STATES:
        words = "there is no state" if state is None else f"state is {_shown(state)}"
        yield flag.fault(f"{words}: it must be ENABLED or DISABLED", "state")


def _variant_faults(flag: Flag) -> Iterator[Fault]:
    if len(flag.variants) < 2:
        yield flag.fault("it has fewer than two variants", "variants")
        return
    types = {name: _type(value) for name, value in flag.variants.items()}
    for name, kind in types.items():
        if not kind:
            yield flag.fault(f"the variant {name} has no value that flagd knows", "variants", name)
    kinds = sorted({kind for kind in types.values() if kind})
    if len(kinds) > 1:
        yield flag.fault(f"its variants are of several types: {', '.join(kinds)}", "variants")


def _type(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)[:60]


@check(
    id="FF-05",
    name="A share of the customers stays the same share",
    severity=Severity.M,
    rule="Each `fractional` is a list that begins with the key to hash by: one that uses a variable of the "
    "customer, such as targetingKey, and $flagd.flagKey or a text of its own. Each share after that is a list "
    "of a variant that exists and a number above 0 (1 where it is left out). Weights that do not add up to "
    f"{_WHOLE} are a warning of low severity.",
    why="Without the flag's key in what is hashed, the same customers are the first in every experiment; "
    "without the targeting key, one customer sees both sides.",
    remedy="Begin `fractional` with `cat: [{var: $flagd.flagKey}, {var: targetingKey}]`, and give each "
    "variant a weight above 0; the weights are best written so that they add up to 100.",
    not_applicable="No flag is split by `fractional`.",
    no_data="A weight is worked out when the flag is asked for: write it as a number.",
)
def sticky(service: ServiceView, params: NoParams) -> Outcome:
    found = Findings()
    for flag in _flags(service):
        for fraction in fractions(flag):
            found.judged += 1
            _judge_fraction(flag, fraction, found)
    return found.verdict("each share is sticky", nothing="no flag is split by fractional")


def _judge_fraction(flag: Flag, fraction: Fraction, found: Findings) -> None:
    def fault(message: str) -> Fault:
        if fraction.shared:
            return flag.owner.fault(f"{flag.key}: {message}", *fraction.keys)
        return flag.fault(message, *fraction.keys)

    if not isinstance(fraction.value, list) or not fraction.value:
        found.faults.append(fault("fractional must be a list of shares"))
        return
    first, *rest = fraction.value
    if isinstance(first, list):
        message = "fractional has no key to hash by: begin it with flagKey and targetingKey"
        found.faults.append(fault(message))
        rest = fraction.value
    else:
        found.faults += map(fault, _key_problems(first))
    weights: list[int | float | None] = []
    for share in rest:
        weight, problem = _share(share, flag)
        weights.append(weight)
        if problem:
            found.faults.append(fault(problem))
    if not rest:
        found.faults.append(fault("fractional has no shares"))
    elif None in weights:
        found.unknown.append(fault("a weight is worked out when the flag is asked for"))
    elif (total := sum(weight for weight in weights if weight)) != _WHOLE:
        close = fault(f"the weights add up to {total:g}, not to 100: they are relative")
        found.close.append(replace(close, severity=Severity.L))


def _key_problems(key: Any) -> Iterator[str]:
    names = variables(key)
    if not names - {_FLAG_KEY}:
        yield "the key to hash by does not tell customers apart: add {var: targetingKey}"
    elif _FLAG_KEY not in names and not constants(key):
        yield "the key to hash by is the same for every flag: add {var: $flagd.flagKey}"


def _share(share: Any, flag: Flag) -> tuple[int | float | None, str]:
    """The weight of a share, None if it is worked out; and what is wrong with the share."""
    if not isinstance(share, list) or not share:
        return 0, "a share must be a list of a variant and its weight"
    name, weight = share[0], share[1] if len(share) > 1 else 1
    problem = ""
    if isinstance(name, bool):
        problem = f"the variant {_shown(name)} of a share is no text: put it in quotes"
    elif isinstance(name, str) and name not in flag.variants:
        problem = f"the variant {name!r} of a share does not exist"
    if isinstance(weight, dict):
        return None, problem
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
        return 0, problem or f"the weight of {name} is {_shown(weight)}: it must be above 0"
    return weight, problem


@check(
    id="FF-07",
    name="The flags have the form that flagd and its operator read",
    severity=Severity.M,
    rule="flagSpec of a FeatureFlag has no `$schema`; a JSON file of flags has flagd's. `flags` is a mapping of "
    "mappings, in each of which state is a text, and variants, targeting and metadata are mappings; metadata "
    "holds texts, numbers and booleans. A field whose name is nearly that of a known one fails; other unknown "
    "fields are passed over.",
    why="The operator refuses a FeatureFlag with `$schema`; a JSON file without it is checked by no "
    "editor, and a key that flagd does not know is dropped without a word.",
    remedy='Take `$schema` out of `flagSpec`; put `"$schema": "https://flagd.dev/schema/v0/flags.json"` '
    "at the head of a JSON file, and keep to the fields of that schema.",
    not_applicable="No declaration of flags is in view.",
    no_data="A file of flags cannot be read: mend it where the message says.",
)
def schema(service: ServiceView, params: NoParams) -> Outcome:
    found = Findings()
    for owner in service.flag_sets:
        found.judged += 1
        found.faults += _set_faults(owner)
        for key, raw in mapping(owner.value.get("flags")).items():
            found.faults += _form_faults(Flag(owner, key, mapping(raw)), raw)
    return found.verdict("the flags have the form that flagd reads", nothing=NO_FLAGS)


def _set_faults(owner: FlagSet) -> Iterator[Fault]:
    given = owner.value.get("$schema")
    if owner.is_object and "$schema" in owner.value:
        yield owner.fault("the operator refuses $schema in flagSpec", "$schema")
    elif not owner.is_object and given is None and owner.path.endswith(".json"):
        yield owner.fault("it has no $schema", "flags")
    elif given is not None and not (isinstance(given, str) and _SCHEMA.fullmatch(given)):
        yield owner.fault(f"$schema is {_shown(given)}, not that of flagd", "$schema")
    flags = owner.value.get("flags")
    if not isinstance(flags, dict):
        words = "there are no flags" if flags is None else "flags is no mapping"
        yield owner.fault(words, "flags")
    yield from _mistyped(owner.value, _SET_FIELDS, owner.fault)
    yield from _scalars_only(owner.value.get("metadata"), owner.fault)


_SET_FIELDS = ("$schema", "$evaluators", "flags", "metadata")
_FIELDS = {
    "state": str,
    "variants": dict,
    "defaultVariant": str,
    "targeting": dict,
    "metadata": dict,
}


def _form_faults(flag: Flag, raw: Any) -> Iterator[Fault]:
    if not isinstance(raw, dict):
        yield flag.fault("it is no mapping")
        return
    for name, value in raw.items():
        kind = _FIELDS.get(name, object)
        if value is not None and not isinstance(value, kind) and name != "defaultVariant":
            yield flag.fault(f"{name} is no {'text' if kind is str else 'mapping'}", name)
    yield from _mistyped(raw, tuple(_FIELDS), flag.fault)
    yield from _scalars_only(raw.get("metadata"), flag.fault)


def _mistyped(
    value: Mapping[str, Any], fields: tuple[str, ...], fault: Callable[..., Fault]
) -> Iterator[Fault]:
    """Names that are nearly those of a field; others are remarks, which flagd passes over."""
    for name in value:
        plain = name.replace("_", "").replace("-", "").lower()
        if name not in fields and (
            near := get_close_matches(plain, map(str.lower, fields), 1, 0.85)
        ):
            meant = next(field for field in fields if field.lower() == near[0])
            yield fault(f"{name} is no field: it is called {meant}", name)


def _scalars_only(metadata: Any, fault: Callable[..., Fault]) -> Iterator[Fault]:
    for name, value in mapping(metadata).items():
        if value is None or isinstance(value, dict | list):
            yield fault(f"metadata {name} must be text, a number or a boolean", "metadata", name)
