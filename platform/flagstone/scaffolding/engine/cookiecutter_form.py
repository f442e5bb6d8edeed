"""A plain cookiecutter template has no form: this writes the template.yaml that asks what its cookiecutter.json asks.

The questions follow cookiecutter's own prompts: a list is a choice, a yes/no a tick box, an object a JSON text; what
starts with an underscore is not asked. A default that is an expression is left to the template, which computes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from flagstone.scaffolding.engine.labels import label_of
from flagstone.scaffolding.engine.template import API_VERSION
from flagstone.scaffolding.errors import TemplateError

TEMPLATE_STEP, ENTRY_STEP = "template", "entry"
ENTRY_URL = "../catalog-entry"
_MARKS = ("{{", "{%", "{#")
# cookiecutter's prompts may be dressed in Rich's markup: [bold]Name[/bold], [link=https://…]more[/]
_MARKUP = re.compile(r"\[/?[a-z#@][^\[\]]*\]|\[/\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Described:
    """How a registered template is called."""

    id: str
    title: str
    description: str = ""


def template_of(declared: Mapping[str, Any], described: Described, *, file: str) -> bytes:
    """Return the template.yaml of a plain cookiecutter template.

    Args:
        declared: Its cookiecutter.json.
        described: How it is called.
        file: How errors call cookiecutter.json.

    Raises:
        TemplateError: A variable is none that cookiecutter could ask for.
    """
    asked = {key: value for key, value in declared.items() if not key.startswith("_")}
    if any(not key.strip() for key in asked):
        raise TemplateError(
            "has a variable without a name, which nobody can be asked for", file=file
        )
    prompts = declared.get("__prompts__") or {}
    if not isinstance(prompts, dict):
        raise TemplateError("'__prompts__' must be an object", file=file)
    name, description, owner = _own_questions(asked)
    document = {
        "apiVersion": API_VERSION,
        "kind": "Template",
        "metadata": {
            "name": described.id,
            "title": described.title,
            "description": described.description,
            "tags": ["cookiecutter"],
        },
        "spec": {
            "type": "service",
            "parameters": [
                _service_page(name, description, owner),
                *_template_pages(asked, prompts, file),
            ],
            "steps": _steps(asked, name, description, owner),
            "output": _OUTPUT,
        },
    }
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text.encode()


def _own_questions(asked: Iterable[str]) -> tuple[str, str, str]:
    """Name the questions that Flagstone has for every service, so that none is the template's."""
    taken, names = set(asked), []
    for wish in ("serviceName", "serviceDescription", "serviceOwner"):
        while wish in taken:
            wish += "_"  # noqa: PLW2901 - until nobody has it
        names.append(wish)
    return names[0], names[1], names[2]


def _service_page(name: str, description: str, owner: str) -> dict[str, Any]:
    return {
        "title": "The service",
        "required": [name, owner],
        "properties": {
            name: {
                "title": "Name",
                "type": "string",
                "description": "What the catalogue and its repository call it.",
                "ui:field": "EntityNamePicker",
                "ui:autofocus": True,
            },
            description: {
                "title": "What it does",
                "type": "string",
                "maxLength": 200,
                "description": "One sentence that tells a stranger what would stop working without it.",
            },
            owner: {
                "title": "Squad",
                "type": "string",
                "description": "Who is called when it breaks, and whose leaderboard it counts for.",
                "ui:field": "OwnerPicker",
                "ui:options": {
                    "catalogFilter": {"kind": "Group"},
                    "allowArbitraryValues": False,
                },
            },
        },
    }


def _template_pages(
    asked: Mapping[str, Any], prompts: Mapping[str, Any], file: str
) -> list[dict[str, Any]]:
    if not asked:
        return []
    return [
        {
            "title": "The template",
            "description": "What the template itself asks; an empty answer is the template's own default.",
            "properties": {
                key: _question(key, value, prompts.get(key), file) for key, value in asked.items()
            },
        }
    ]


def _question(key: str, value: Any, prompt: Any, file: str) -> dict[str, Any]:
    label = _label(key, prompt)
    if isinstance(value, bool):
        return {"title": label, "type": "boolean", "default": value}
    if isinstance(value, list):
        return {"title": label, **_choice(key, value, prompt, file)}
    if isinstance(value, dict):
        return {"title": label, "type": "object", **_default(value)}
    if value is None:
        return {"title": label, "type": "string"}
    text = str(value)
    question = {"title": label, "type": "string", **_default(text)}
    if "\n" in text:
        question["ui:widget"] = "textarea"
    return question


def _default(value: Any) -> dict[str, Any]:
    """Return the default as one of the schema; one that is computed cannot stand there."""
    if _is_computed(value):
        return {"ui:options": {"derived": True}}
    return {"default": value} if value not in ("", {}) else {}


def _choice(key: str, options: list[Any], prompt: Any, file: str) -> dict[str, Any]:
    if not options:
        raise TemplateError(f"'{key}' offers an empty list of choices", file=file)
    labels = prompt if isinstance(prompt, dict) else {}
    values = list(dict.fromkeys(str(option) for option in options))
    question: dict[str, Any] = {
        "type": "string",
        "enum": values,
        "enumNames": [_plain(labels.get(value, value)) for value in values],
    }
    # the first is cookiecutter's default
    return question | (_default(options) if _is_computed(options) else {"default": values[0]})


def _is_computed(value: Any) -> bool:
    if isinstance(value, str):
        return any(mark in value for mark in _MARKS)
    if isinstance(value, dict):
        return any(_is_computed(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(map(_is_computed, value))


def _label(key: str, prompt: Any) -> str:
    text = prompt.get("__prompt__") if isinstance(prompt, dict) else prompt
    if isinstance(text, str) and (plain := _plain(text)):
        return plain
    return label_of(key)


def _plain(text: Any) -> str:
    return _MARKUP.sub("", str(text)).strip()


def _steps(asked: Iterable[str], name: str, description: str, owner: str) -> list[dict[str, Any]]:
    def parameter(key: str) -> str:
        # a key may hold anything that JSON allows
        return "${{ parameters[" + _quoted(key) + "] }}"

    return [
        {
            "id": TEMPLATE_STEP,
            "name": "Render the template",
            "action": "fetch:cookiecutter",
            "input": {
                "url": ".",
                "targetPath": "./service",
                "values": {key: parameter(key) for key in asked},
            },
        },
        {
            "id": ENTRY_STEP,
            "name": "Write the catalogue's entry",
            "action": "fetch:cookiecutter",
            "input": {
                "url": ENTRY_URL,
                "targetPath": "./gitops",
                "values": {
                    "name": parameter(name),
                    "description": parameter(description),
                    "owner": parameter(owner),
                    "repository": "${{ environment.parameters.serviceUrl }}",
                },
            },
        },
        {
            "id": "repository",
            "name": "Make the repository",
            "action": "publish:repository",
            "input": {"description": parameter(description)},
        },
        {
            "id": "pull-request",
            "name": "Open the pull request",
            "action": "publish:gitops:pull-request",
            "input": {
                "title": f"Add {parameter(name)} to the catalogue",
                "description": parameter(description),
            },
        },
        {
            "id": "register",
            "name": "Register it",
            "action": "catalog:register",
            "input": {"catalogInfoPath": f"services/{parameter(name)}/catalog-info.yaml"},
        },
    ]


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_OUTPUT = {
    "links": [
        {"title": "The pull request", "url": "${{ steps['pull-request'].output.remoteUrl }}"},
        {"title": "The repository", "url": "${{ steps.repository.output.remoteUrl }}"},
    ]
}
