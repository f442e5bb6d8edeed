"""template.yaml in Backstage's `scaffolder.backstage.io/v1beta3` form, read into plain data; no meaning yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flagstone.scaffolding.engine import expressions, yaml_source
from flagstone.scaffolding.engine.yaml_source import Place

API_VERSION = "scaffolder.backstage.io/v1beta3"


@dataclass(frozen=True, slots=True)
class Action:
    """What a step may do: its inputs, and the outputs that later expressions may read."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()


FETCH_COOKIECUTTER = "fetch:cookiecutter"
PUBLISH_REPOSITORY = "publish:repository"
PUBLISH_PULL_REQUEST = "publish:gitops:pull-request"
REGISTER = "catalog:register"

ACTIONS: Mapping[str, Action] = {
    FETCH_COOKIECUTTER: Action(
        required=frozenset({"url"}), optional=frozenset({"targetPath", "values"})
    ),
    PUBLISH_REPOSITORY: Action(
        optional=frozenset({"sourcePath", "name", "description"}),
        outputs=frozenset({"remoteUrl", "repository"}),
    ),
    PUBLISH_PULL_REQUEST: Action(
        required=frozenset({"title"}),
        optional=frozenset({"sourcePath", "description"}),
        outputs=frozenset({"remoteUrl", "pullRequestNumber"}),
    ),
    REGISTER: Action(optional=frozenset({"catalogInfoPath"}), outputs=frozenset({"entityRef"})),
}
_STEP_KEYS = frozenset({"id", "name", "action", "input", "if"})


@dataclass(frozen=True, slots=True)
class Lookup:
    """A dotted name that an expression reads; `before` is how many steps have run by then."""

    name: str
    before: int
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class ParameterPage:
    """One page of questions: the JSON Schema as it was written, `ui:` keys and all."""

    title: str
    description: str
    schema: Place


@dataclass(frozen=True, slots=True)
class Step:
    """One step; expressions in `input` and `condition` are not evaluated yet."""

    id: str
    name: str
    action: str
    input: Mapping[str, Any]
    condition: Any = True
    place: Place = field(repr=False, compare=False, default=Place("", None))


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
        title=metadata.get("title").text(name),
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
        if key not in _STEP_KEYS:
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
        if key not in action.required | action.optional:
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
        for place in (step.place.get("input"), step.place.get("if")):
            yield from _lookups_in(place, number)
    yield from _lookups_in(output, len(steps))


def _lookups_in(place: Place, before: int) -> Iterator[Lookup]:
    if isinstance(place.value, dict):
        for key in place.value:
            yield from _lookups_in(place.get(key), before)
    elif isinstance(place.value, list):
        for entry in place.entries():
            yield from _lookups_in(entry, before)
    else:
        try:
            names = expressions.check(place.value)
        except expressions.ExpressionError as error:
            raise place.fault(str(error)) from error
        yield from (Lookup(name, before, place) for name in sorted(names))
