"""cookiecutter's Jinja environment, made a sandbox: the same output, without the way to Python's insides.

Imported by the child process only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

# what cookiecutter gives to every template
_ALWAYS = tuple(
    f"cookiecutter.extensions.{name}Extension"
    for name in ("Jsonify", "RandomString", "Slugify", "Time", "UUID")
)
EXTENSIONS = frozenset(
    {*_ALWAYS, *(f"jinja2.ext.{name}" for name in ("debug", "do", "i18n", "loopcontrols"))}
)
_DELIMITERS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
)
_OPTIONS = frozenset(
    {*_DELIMITERS, "trim_blocks", "lstrip_blocks", "newline_sequence", "autoescape"}
)


class ForeignSetting(Exception):
    """cookiecutter.json asks for an extension or a Jinja option that a template may not have."""


def environment_for(context: Mapping[str, Any]) -> SandboxedEnvironment:
    """Stand in for `cookiecutter.utils.create_env_with_context`.

    Not the immutable sandbox: templates do append to their own lists.
    """
    variables = context.get("cookiecutter", {})
    extensions = variables.get("_extensions", ())
    for extension in extensions:
        if extension not in EXTENSIONS:
            raise ForeignSetting(
                f"asks for the extension '{extension}', which is code of its own; allowed are "
                f"{', '.join(sorted(EXTENSIONS))}"
            )
    options = variables.get("_jinja2_env_vars", {})
    for option in options:
        if option not in _OPTIONS:
            raise ForeignSetting(f"sets the Jinja option '{option}', which a template may not set")
    return SandboxedEnvironment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        extensions=[*_ALWAYS, *extensions],
        **options,
    )


def marks_of(environment: Environment) -> tuple[str, ...]:
    """Return the delimiters of a template's language."""
    found = (getattr(environment, name) for name in _DELIMITERS)
    return tuple(mark for mark in found if mark)
