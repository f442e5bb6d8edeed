"""The reference of template.yaml: actions, filters and methods, made from the tables that decide about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flagstone.scaffolding.engine.filters import FILTERS, METHODS
from flagstone.scaffolding.engine.form_reading import PICKERS
from flagstone.scaffolding.engine.formats import IN_WORDS
from flagstone.scaffolding.engine.step_actions import ACTIONS, Action

_INTRODUCTION = """\
<!-- Made from the code by `make docs` -->

# template.yaml

What a template may say, in Backstage's `scaffolder.backstage.io/v1beta3` form. [How to bring your own
templates](../how-to/backstage-templates.md).

## Actions

Steps act one after the other on a workspace: files in memory, nothing on disk. What is published is what the workspace
holds at that moment. A run makes one repository and opens one pull request at the most; an action that is not listed is
refused when the template is loaded.

| action | comes to | inputs | outputs |
| --- | --- | --- | --- |
"""


def reference() -> str:
    """Return the page, as Markdown."""
    return "\n".join([_INTRODUCTION + "\n".join(_actions()), *_rest(), ""])


def _actions() -> Iterator[str]:
    alike: dict[Action, list[str]] = {}
    for name, action in ACTIONS.items():
        alike.setdefault(action, []).append(name)
    for action, names in alike.items():
        inputs = [f"**{word}**" for word in sorted(action.required)] + sorted(action.optional)
        outputs = sorted(action.outputs) + [f"{word} ¹" for word in sorted(action.later)]
        yield f"| {_listed(names)} | {action.deed.value} | {', '.join(inputs)} | {', '.join(outputs)} |"


def _rest() -> Iterator[str]:
    yield "\nBold inputs are needed. ¹ Known once the run has done it: to be read in `output` only."
    yield "\nAccepted without effect, since the code host's own rules hold:\n"
    for words, names in _left_out().items():
        yield f"- {_listed(names)}: {words}"
    yield "\n## Expressions\n"
    yield "`${{ … }}` reads `parameters`, `steps['id'].output`, `each`, `user.ref`, `user.entity`,"
    yield "`environment.parameters` and `now`; `secrets` where a step takes a token. A lone expression keeps its"
    yield "type. What is not there is nothing. `&&`, `||`, `===` and `!==` mean what they mean in JavaScript."
    yield "\n`{% if %}`, `{% for %}`, `{% set %}` and `{% raw %}` stand anywhere in a text, which is text then. What a"
    yield "loop sets ends with the loop, and what a text goes through has an end."
    yield f"\n**Filters:** {_listed(FILTERS)}."
    yield f"\n**Methods** of texts and lists: {_listed(METHODS)}; and `length`."
    yield "\n## Questions\n"
    yield f"`ui:field` draws {_listed(PICKERS)}; any other field is drawn by the type of its answer."
    yield "`ui:widget`: `textarea`, `radio`, `checkboxes`, `select`, `hidden`, `password`, `date`, `color`."
    yield "`ui:readonly`, `ui:disabled` and `const` let nobody give another answer than the template's. Of `format`,"
    yield f"{_listed(IN_WORDS)} are checked. Questions depend on"
    yield "others by `dependencies` (a list, `oneOf`, or `allOf` with `if`, `then` and `else`) and by a page's own"
    yield "`allOf` or `if`, across pages too."


def _left_out() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, action in ACTIONS.items():
        if words := _forgone(action):
            found.setdefault(words, []).append(name)
    return found


def _forgone(action: Action) -> str:
    return ", ".join(f"`{word}`" for word in sorted(action.left_out, key=str.lower))


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words, key=str.lower))
