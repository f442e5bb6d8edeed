from __future__ import annotations

import inspect

import pytest
from cookiecutter.environment import ExtensionLoaderMixin
from cookiecutter.utils import create_env_with_context
from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import import_string

from flagstone.scaffolding.engine.sandbox import (
    EXTENSIONS,
    ForeignSetting,
    environment_for,
    marks_of,
)


def test_it_has_what_cookiecutters_own_environment_has():
    ours = environment_for({"cookiecutter": {}})
    theirs = create_env_with_context({"cookiecutter": {}})
    assert isinstance(ours, SandboxedEnvironment)
    assert set(ours.extensions) == set(theirs.extensions)
    assert set(ours.filters) == set(theirs.filters)
    assert set(ours.globals) == set(theirs.globals)
    assert ours.undefined is theirs.undefined
    assert ours.keep_trailing_newline == theirs.keep_trailing_newline
    for name in ours.extensions:
        assert name in inspect.getsource(ExtensionLoaderMixin)


@pytest.mark.parametrize("extension", sorted(EXTENSIONS))
def test_the_extensions_that_a_template_may_ask_for_are_there(extension):
    made = environment_for({"cookiecutter": {"_extensions": [extension]}})
    assert import_string(extension).identifier in made.extensions


@pytest.mark.parametrize("extension", ["os", "jinja2.ext.Extension", "local.Evil", "", None, 7])
def test_others_are_refused(extension):
    with pytest.raises(ForeignSetting, match="which is code of its own"):
        environment_for({"cookiecutter": {"_extensions": [extension]}})


@pytest.mark.parametrize(
    "option", ["finalize", "loader", "undefined", "extensions", "bytecode_cache"]
)
def test_options_that_carry_code_are_refused(option):
    with pytest.raises(ForeignSetting, match=f"sets the Jinja option '{option}'"):
        environment_for({"cookiecutter": {"_jinja2_env_vars": {option: "x"}}})


def test_the_marks_of_a_templates_language():
    settings = {
        "variable_start_string": "<<",
        "variable_end_string": ">>",
        "line_statement_prefix": "%%",
    }
    marks = marks_of(environment_for({"cookiecutter": {"_jinja2_env_vars": settings}}))
    assert marks == ("{%", "%}", "<<", ">>", "{#", "#}", "%%")


def test_the_same_text_in_another_language_is_another_template() -> None:
    """Texts are compiled once in a process; each language of a template has its own reading of them."""
    text = "{{ 1 }} [[ 2 ]]{% do 3 %}"
    plain = environment_for({"cookiecutter": {"_extensions": ["jinja2.ext.do"]}})
    squared = environment_for(
        {
            "cookiecutter": {
                "_jinja2_env_vars": {"variable_start_string": "[[", "variable_end_string": "]]"},
                "_extensions": ["jinja2.ext.do"],
            }
        }
    )
    without = environment_for({"cookiecutter": {}})

    assert [plain.from_string(text).render() for _ in range(2)] == ["1 [[ 2 ]]"] * 2
    assert squared.from_string(text).render() == "{{ 1 }} 2"
    with pytest.raises(TemplateSyntaxError):
        without.from_string(text)


def test_a_text_is_compiled_once() -> None:
    first, second = environment_for({}), environment_for({})
    assert first.compile("{{ a }}") is second.compile("{{ a }}")
    assert first.compile("{{ a }}") is not second.compile("{{ a }}", "name.txt", "/x/name.txt")
