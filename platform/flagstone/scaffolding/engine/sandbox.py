"""cookiecutter's Jinja environment, made a sandbox: the same output, without the way to Python's insides.

Imported by the child process only.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from types import CodeType
from typing import Any, ClassVar

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


class _CompilingOnce(SandboxedEnvironment):
    """Compiles a text once in the life of the process.

    cookiecutter takes each path several times, and a child may render one layer with many answers: nine tenths
    of its time went into compiling the same again.
    """

    _compiled: ClassVar[dict[tuple[object, ...], CodeType]] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._language = repr(sorted(settings.items(), key=itemgetter(0)))

    def compile(self, source: Any, *names: Any, **more: Any) -> Any:
        if not isinstance(source, str):
            return super().compile(source, *names, **more)
        key = (self._language, source, names, *sorted(more.items()))
        if key not in self._compiled:
            self._compiled[key] = super().compile(source, *names, **more)
        return self._compiled[key]


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
    return _CompilingOnce(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        extensions=[*_ALWAYS, *extensions],
        **options,
    )


def marks_of(environment: Environment) -> tuple[str, ...]:
    """Return the delimiters of a template's language."""
    found = (getattr(environment, name) for name in _DELIMITERS)
    return tuple(mark for mark in found if mark)
