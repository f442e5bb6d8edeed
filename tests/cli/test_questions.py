"""`flagstone render --questions`: every question by its key, and what answers it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flagstone.cli.questions import listed
from tests.cli.conftest import Run
from tests.scaffolding.engine.test_form_reading import form

FORM = form(
    """
    title: The service
    required: [name, kind]
    properties:
      name: {title: Name, type: string, description: What the catalogue calls it.}
      kind: {title: What it is, type: string, enum: [http, worker], enumNames: [HTTP, Reads a queue]}
      replicas: {title: Pods, type: integer, minimum: 1, maximum: 9, default: 2}
      ratio: {title: Ratio, type: number, minimum: 0}
      flags: {title: Feature flags, type: boolean, default: true}
      notes: {title: Notes, type: string, default: ""}
      tools: {title: Tools, type: array, items: {type: string, enum: [a, b]}, default: [a, b]}
      store: {title: "St\\u202eore", type: object, default: {engine: sql}}
    dependencies:
      replicas: [ratio]
      flags:
        oneOf:
          - properties:
              flags: {enum: [true]}
              flagFile: {title: Its file, type: string}
    """
)


def test_each_question_says_how_it_is_called_and_answered() -> None:
    assert (
        "\n".join(listed(FORM, 60))
        == """
The service
  name      the service's name; needed
            Name: What the catalogue calls it.
  kind      one of http, worker; needed
            What it is
            worker: Reads a queue
  replicas  whole number from 1 to 9; default 2
            Pods
  ratio     number from 0; needed when replicas is answered
            Ratio
  flags     yes or no; default yes
            Feature flags
  notes     text; may be left out
            Notes
  tools     any of a, b, each with a --set of its own;
            default a, b
            Tools
  store     JSON; default {"engine": "sql"}
            St⟨U+202E⟩ore
  flagFile  text; may be left out
            asked only when flags is yes
            Its file"""
    )


def test_no_answer_is_needed_to_see_the_questions(run: Callable[..., Run], tmp_path: Path) -> None:
    done = run("render", "python-api", "--questions", "--output", tmp_path / "out")

    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Python HTTP API asks 17 questions:\n\nThe service\n  name ")
    assert "\n  firstWeight   one of 5, 10, 20; default 10\n" in done.out
    assert not (tmp_path / "out").exists()
