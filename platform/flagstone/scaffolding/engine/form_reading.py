"""From the parameter pages of a template.yaml to the form that people fill in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flagstone.scaffolding.engine.answer_schemas import schema_fault, validator
from flagstone.scaffolding.engine.forms import Choice, Condition, Field, FieldKind, Form, Page
from flagstone.scaffolding.engine.labels import label_of
from flagstone.scaffolding.engine.nested_defaults import with_nested_defaults
from flagstone.scaffolding.engine.patterns import PatternTooSlow
from flagstone.scaffolding.engine.template import ParameterPage
from flagstone.scaffolding.engine.yaml_source import Place

_PAGE_KEYS = frozenset(
    {
        "title", "description", "type", "required", "properties", "dependencies", "ui:order", "allOf", "if",
        "then", "else",
    }
)  # fmt: skip
# keys that say something about a page or a question to Backstage's own pages
_FOREIGN = ("ui:", "backstage:", "presentation")
# what other templates call the question for the service's name
_NAMES = (
    "name", "component_id", "componentId", "component_name", "componentName", "service_name", "serviceName",
    "app_name", "appName", "project_name", "projectName", "repo_name", "repoName",
)  # fmt: skip
PICKERS = {
    "EntityNamePicker": FieldKind.NAME,
    "OwnerPicker": FieldKind.OWNER,
    "MyGroupsPicker": FieldKind.OWNER,
    "EntityPicker": FieldKind.ENTITY,
    "OwnedEntityPicker": FieldKind.ENTITY,
    "MultiEntityPicker": FieldKind.ENTITIES,
    "EntityTagsPicker": FieldKind.TAGS,
    "RepoUrlPicker": FieldKind.REPOSITORY,
    "Secret": FieldKind.SECRET,
}
_TYPES = {
    "boolean": FieldKind.BOOLEAN,
    "integer": FieldKind.INTEGER,
    "number": FieldKind.NUMBER,
    "object": FieldKind.OBJECT,
    "string": FieldKind.TEXT,
    "array": FieldKind.LIST,
}


def build_form(pages: Sequence[ParameterPage]) -> Form:
    """Make the form of a template's parameter pages; a TemplateError names what cannot be asked."""
    form = Form(tuple(_page(page) for page in pages))
    kinds = {asked.kind for asked in form.fields}
    if FieldKind.NAME in kinds:
        return form
    plain = {f.name for f in form.fields if f.kind is FieldKind.TEXT and not f.shown_when}
    if found := next((name for name in _NAMES if name in plain), ""):
        return _with_name_field(form, found)
    return form


def _with_name_field(form: Form, name: str) -> Form:
    """Take a text field for the service's name when no picker says which it is."""
    pages = tuple(
        dataclasses.replace(
            page,
            fields=tuple(
                dataclasses.replace(f, kind=FieldKind.NAME, required=True) if f.name == name else f
                for f in page.fields
            ),
        )
        for page in form.pages
    )
    return Form(pages)


def with_a_name(form: Form) -> Form:
    """Ask for a name where the template does not: what it makes has to be called something."""
    if form.name_field:
        return form
    name = "serviceName"
    while name in form.names:
        name += "_"
    asked = Field(
        name, FieldKind.NAME, "Name", {"type": "string"}, "What the run is called.", required=True
    )
    return Form((Page("Its name", "", (asked,)), *form.pages))


def _page(page: ParameterPage) -> Page:
    place = page.schema
    for key, value in place.items():
        if key not in _PAGE_KEYS and not key.startswith(_FOREIGN):
            raise value.fault(f"a page of parameters cannot have '{key}'")
    fields = list(_fields(place, ()))
    if order := place.get("ui:order").texts():
        fields.sort(key=lambda f: order.index(f.name) if f.name in order else len(order))
    return Page(page.title, page.description, tuple(fields))


def _fields(place: Place, shown_when: tuple[Condition, ...]) -> Iterator[Field]:
    """Yield the fields of one schema, then those that its dependencies add."""
    required = place.get("required").texts()
    properties = place.get("properties")
    for name in required:
        if name not in properties and not shown_when:
            raise place.get("required").fault(f"'{name}' is required but not among the properties")
    triggers = _requirements(place.get("dependencies"))
    asked = {condition.field for condition in shown_when}
    for name, schema in properties.items():
        if name not in asked:  # a branch repeats its trigger to say for which value it is
            found = _field(name, schema)
            if found.kind is FieldKind.NAME and shown_when:
                raise schema.fault(
                    "the service's name is always asked for, so it cannot depend on an answer"
                )
            yield dataclasses.replace(
                found,
                required=name in required or found.kind is FieldKind.NAME,
                shown_when=shown_when,
                required_when=tuple(Condition(trigger) for trigger in triggers.get(name, ())),
            )
    for trigger, rule in place.get("dependencies").items():
        if isinstance(rule.value, dict):
            for branch, conditions in _branches(trigger, rule):
                yield from _fields(branch, (*shown_when, *conditions))
    for branch, conditions in _consequences(place):
        yield from _fields(branch, (*shown_when, *conditions))


def _requirements(dependencies: Place) -> dict[str, list[str]]:
    """Return for each field the others whose answer makes it required: `dependencies` in the list form."""
    found: dict[str, list[str]] = {}
    for trigger, rule in dependencies.items():
        if isinstance(rule.value, list):
            for name in rule.texts():
                found.setdefault(name, []).append(trigger)
    return found


_Branch = tuple[Place, tuple[Condition, ...]]


def _branches(trigger: str, rule: Place) -> Iterator[_Branch]:
    """Yield the schemas that an answer to a question adds, and when."""
    if "oneOf" not in rule:
        if "properties" in rule:
            yield rule, (Condition(trigger),)
        yield from _consequences(rule)
        return
    for branch in rule.get("oneOf").entries():
        schema = branch.need("properties").need(trigger)
        values = schema.mapping().get("enum") or [schema.need("const").value]
        yield branch, (Condition(trigger, tuple(values)),)


def _consequences(place: Place) -> Iterator[_Branch]:
    """Yield what `if`, `then` and `else` add, and those in an `allOf`."""
    for rule in (place, *place.get("allOf").entries()):
        if "if" not in rule:
            if rule is not place:
                yield rule, ()
            continue
        conditions = tuple(_conditions(rule.get("if")))
        if "then" in rule:
            yield rule.get("then"), conditions
        if "else" in rule:
            if len(conditions) != 1:
                raise rule.get("else").fault("an 'else' needs an 'if' with one property")
            (condition,) = conditions
            yield (
                rule.get("else"),
                (dataclasses.replace(condition, negated=not condition.negated),),
            )


def _conditions(place: Place) -> Iterator[Condition]:
    for name, schema in place.get("properties").items():
        said = schema.mapping()
        if "const" in said:
            yield Condition(name, (said["const"],))
        elif isinstance(said.get("enum"), list):
            yield Condition(name, tuple(said["enum"]))
        elif isinstance(negated := said.get("not"), dict) and "const" in negated:
            yield Condition(name, (negated["const"],), negated=True)
        elif "pattern" in said or "minLength" in said:
            yield Condition(name)
        else:
            raise schema.fault(f"a condition on '{name}' needs a 'const' or an 'enum'")
    for name in place.get("required").texts():
        if name not in place.get("properties"):
            yield Condition(name)


def _field(name: str, place: Place) -> Field:
    if name.startswith("_"):
        raise place.fault(f"'{name}' starts with '_': such keys are private to templates")
    schema = {key: value for key, value in place.mapping().items() if not key.startswith(_FOREIGN)}
    _check_schema(place, schema)
    choices = tuple(_choices(schema))
    if choices and schema.get("type") != "array" and "enum" not in schema:
        schema["enum"] = [choice.value for choice in choices]
        schema.pop("oneOf", None)
        schema.pop("anyOf", None)
    if schema.get("type") == "string" and type(schema.get("default")) in (int, float):
        schema["default"] = str(schema["default"])
    default = schema.get("default")
    try:
        fits = default is None or validator(schema).is_valid(default)
    except PatternTooSlow as error:
        raise place.get("default").fault(f"the default of '{name}' {error}") from error
    if not fits:
        raise place.get("default").fault(f"the default of '{name}' does not fit its own schema")
    settings = place.mapping()
    return Field(
        name=name,
        kind=_kind(place, schema, choices=bool(choices)),
        label=place.get("title").text(label_of(name)),
        schema=schema,
        description=place.get("description").text(),
        help=place.get("ui:help").text(),
        placeholder=place.get("ui:placeholder").text(),
        widget=place.get("ui:widget").text(),
        is_readonly=_is_readonly(settings),
        autofocus=settings.get("ui:autofocus") is True,
        default=with_nested_defaults(schema, default),
        choices=choices,
        options=place.get("ui:options").mapping(),
        messages=_messages(place.get("errorMessage")),
    )


def _is_readonly(settings: Mapping[str, Any]) -> bool:
    options = settings.get("ui:options")
    said = {**(options if isinstance(options, dict) else {}), **settings}
    keys = ("readonly", "disabled", "ui:readonly", "ui:disabled", "readOnly")
    return "const" in settings or any(said.get(key) is True for key in keys)


def _check_schema(place: Place, schema: dict[str, Any]) -> None:
    if found := schema_fault(schema):
        path, reason = found
        raise Place(place.file, None, (*place.path, *path), place.lines).fault(
            f"{place.title} {reason}"
        )


def _kind(place: Place, schema: Mapping[str, Any], *, choices: bool) -> FieldKind:
    # a field of somebody's own is drawn by the type of its answer
    picker, widget = place.get("ui:field").text(), place.get("ui:widget").text()
    if picker in PICKERS:
        return PICKERS[picker]
    if widget == "password":
        return FieldKind.SECRET
    answer_type = _type(place, schema)
    if choices:
        return FieldKind.CHOICES if answer_type == "array" else FieldKind.CHOICE
    if answer_type == "string" and widget == "textarea":
        return FieldKind.TEXTAREA
    items = schema.get("items")
    if answer_type == "array" and isinstance(items, dict) and items.get("type") != "string":
        return FieldKind.OBJECT if items else FieldKind.LIST
    return _TYPES[answer_type]


def _type(place: Place, schema: Mapping[str, Any]) -> str:
    answer_type = schema.get("type") or _type_of_const(schema)
    if answer_type is None:
        answer_type = "object" if "properties" in schema else "string"
    if isinstance(answer_type, list):
        answer_type = next((each for each in answer_type if each != "null"), "string")
    if not isinstance(answer_type, str) or answer_type not in _TYPES:
        raise place.get("type").fault(f"a question cannot have the type {answer_type}")
    return answer_type


def _type_of_const(schema: Mapping[str, Any]) -> str | None:
    fixed = type(schema.get("const"))
    kinds = {bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
    return kinds.get(fixed)


def _choices(schema: Mapping[str, Any]) -> Iterator[Choice]:
    """Yield the options: `enum` with `enumNames`, `oneOf` with titles, or those of a list's items."""
    source = schema.get("items") if schema.get("type") == "array" else schema
    if not isinstance(source, dict):
        return
    options = source.get("oneOf") or source.get("anyOf")
    if isinstance(options, list) and all(isinstance(o, dict) and "const" in o for o in options):
        yield from (Choice(o.get("const"), str(o.get("title", o.get("const")))) for o in options)
    elif (values := source.get("enum")) and schema.get("type") != "boolean":
        names = source.get("enumNames") or [str(value) for value in values]
        yield from (Choice(value, str(name)) for value, name in zip(values, names, strict=False))


def _messages(place: Place) -> dict[str, str]:
    if isinstance(place.value, str):
        return {"": place.value}
    return {keyword: text.text() for keyword, text in place.items()}
