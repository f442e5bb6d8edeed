"""template.yaml in Backstage's `scaffolder.backstage.io/v1beta3` form, read into plain data; no meaning yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flagstone.core.hidden_characters import on_one_line
from flagstone.scaffolding.engine import expressions, yaml_source
from flagstone.scaffolding.engine.step_actions import ACTIONS
from flagstone.scaffolding.engine.yaml_source import Place

API_VERSION = "scaffolder.backstage.io/v1beta3"


_STEP_KEYS = frozenset({"id", "name", "action", "input", "if", "each"})
# said about a step by Backstage's own extensions; who may run a template is decided by Flagstone's roles
_FOREIGN = "backstage:"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A dotted name that an expression reads.

    Args:
        name: Such as `parameters.name`.
        before: How many steps have run by then.
        place: Where it stands.
        in_each: It stands in a step that is repeated.
        is_secret_here: A secret may be read here: it reaches nothing that is kept.
        is_last: It stands in `output`, which is read when all is done.
    """

    name: str
    before: int
    place: Place = field(compare=False)
    in_each: bool = False
    is_secret_here: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class ParameterPage:
    """One page of questions: the JSON Schema as it was written, `ui:` keys and all."""

    title: str
    description: str
    schema: Place


@dataclass(frozen=True, slots=True)
class Step:
    """One step; expressions in `input`, `condition` and `each` are not evaluated yet."""

    id: str
    name: str
    action: str
    input: Mapping[str, Any]
    condition: Any = True
    each: Any = None
    place: Place = field(repr=False, compare=False, default=Place("", None))

    @property
    def name_before_answers(self) -> str:
        return expressions.without_expressions(self.name)


@dataclass(frozen=True, slots=True)
class OutputLink:
    title: str
    url: str = ""
    entity_ref: str = ""
    icon: str = ""
    condition: Any = True


@dataclass(frozen=True, slots=True)
class OutputText:
    title: str
    content: str
    condition: Any = True


@dataclass(frozen=True, slots=True)
class Output:
    links: tuple[OutputLink, ...] = ()
    texts: tuple[OutputText, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A whole template.yaml."""

    name: str
    title: str
    description: str
    tags: tuple[str, ...]
    owner: str
    type: str
    pages: tuple[ParameterPage, ...]
    steps: tuple[Step, ...]
    output: Output
    lookups: tuple[Lookup, ...] = field(repr=False)
    place: Place = field(repr=False, compare=False)


def read_template(path: Path, *, label: str) -> Template:
    """Read a template.yaml.

    Args:
        path: The file.
        label: How errors call it, such as `python-api/template.yaml`.

    Raises:
        TemplateError: Malformed, or a step with an action that Flagstone does not know; with file and line.
    """
    return parse_template(path.read_bytes(), label=label)


def parse_template(content: bytes, *, label: str) -> Template:
    document = yaml_source.read(content, file=label)
    version = document.need("apiVersion").text()
    if version != API_VERSION:
        raise document.get("apiVersion").fault(f"apiVersion must be {API_VERSION}, not '{version}'")
    if document.need("kind").text() != "Template":
        raise document.get("kind").fault("kind must be Template")
    metadata, spec = document.need("metadata"), document.need("spec")
    name = metadata.need("name").text()
    steps = _steps(spec.need("steps"))
    return Template(
        name=name,
        title=on_one_line(metadata.get("title").text(name)),
        description=metadata.get("description").text(),
        tags=metadata.get("tags").texts(),
        owner=spec.get("owner").text(),
        type=spec.need("type").text(),
        pages=_pages(spec.get("parameters")),
        steps=steps,
        output=_output(spec.get("output")),
        lookups=tuple(_lookups(steps, spec.get("output"))),
        place=document,
    )


def _pages(place: Place) -> tuple[ParameterPage, ...]:
    pages = [place] if isinstance(place.value, dict) else place.entries()
    return tuple(
        ParameterPage(page.get("title").text(), page.get("description").text(), page)
        for page in pages
    )


def _steps(place: Place) -> tuple[Step, ...]:
    steps: list[Step] = []
    for entry in place.entries():
        step = _step(entry, number=len(steps) + 1)
        if any(step.id == earlier.id for earlier in steps):
            raise entry.get("id").fault(f"there are two steps with the id '{step.id}'")
        steps.append(step)
    return tuple(steps)


def _step(place: Place, *, number: int) -> Step:
    for key, value in place.items():
        if key not in _STEP_KEYS and not key.startswith(_FOREIGN):
            raise value.fault(f"a step has no '{key}'; it has {', '.join(sorted(_STEP_KEYS))}")
    name = place.need("action").text()
    action = ACTIONS.get(name)
    step_id = place.get("id").text(f"step-{number}")
    if action is None:
        raise place.get("action").fault(
            f"step '{step_id}' uses the action '{name}', which Flagstone does not know; "
            f"it knows {', '.join(ACTIONS)}"
        )
    given = place.get("input")
    for key, value in given.items():
        if key not in action.inputs:
            known = ", ".join(sorted(action.required | action.optional))
            raise value.fault(f"{name} has no input '{key}'; it has {known}")
    for key in sorted(action.required):
        given.need(key)
    condition = place.get("if")
    return Step(
        id=step_id,
        name=place.get("name").text(step_id),
        action=name,
        input=given.mapping(),
        condition=True if condition.value is None else condition.value,
        each=place.get("each").value,
        place=place,
    )


def _output(place: Place) -> Output:
    return Output(
        links=tuple(
            OutputLink(
                title=link.need("title").text(),
                url=link.get("url").text(),
                entity_ref=link.get("entityRef").text(),
                icon=link.get("icon").text(),
                condition=link.mapping().get("if", True),
            )
            for link in place.get("links").entries()
        ),
        texts=tuple(
            OutputText(
                title=text.get("title").text(),
                content=text.need("content").text(),
                condition=text.mapping().get("if", True),
            )
            for text in place.get("text").entries()
        ),
    )


def _lookups(steps: tuple[Step, ...], output: Place) -> Iterator[Lookup]:
    """Yield what every expression reads, and refuse the ones that cannot be read themselves."""
    for number, step in enumerate(steps):
        left_out = ACTIONS[step.action].left_out
        for key, value in step.place.get("input").items():
            yield from _lookups_in(
                value, Lookup("", number, value, step.each is not None, key in left_out)
            )
        for key in ("if", "each"):
            yield from _lookups_in(step.place.get(key), Lookup("", number, step.place))
    yield from _lookups_in(output, Lookup("", len(steps), output, is_last=True))


def _lookups_in(place: Place, like: Lookup) -> Iterator[Lookup]:
    if isinstance(place.value, dict):
        for key in place.value:
            yield from _lookups_in(place.get(key), like)
    elif isinstance(place.value, list):
        for entry in place.entries():
            yield from _lookups_in(entry, like)
    else:
        try:
            names = expressions.check(place.value)
        except expressions.ExpressionError as error:
            raise place.fault(str(error)) from error
        yield from (replace(like, name=name, place=place) for name in sorted(names))
