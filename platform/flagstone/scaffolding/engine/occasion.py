"""One moment and one chance for a rendering: dates and random texts of a template come out the same again.

Imported by the child processes only. Hooks and extensions of a template's own are programs; they see the real
clock and the real chance.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from types import SimpleNamespace
from typing import Any

import arrow
from cookiecutter import extensions, generate


class Playing:
    """An occasion that takes place in this process.

    Attributes:
        mattered: Whether a file, or a variable that is not kept, has come out of it.
    """

    def __init__(self, occasion: Mapping[str, str]) -> None:
        self.mattered = False
        self._counts = False
        self._chance = occasion["chance"]
        self._moment = arrow.get(occasion["moment"])
        self._draws = random.Random()  # noqa: S311 - the chance itself was drawn from the system's

    def begin(self, name: str) -> None:
        """Begin with a variable or a file: each has draws of its own, whatever was rendered before it.

        What is kept with the rendering need not be drawn again; private variables and files are drawn again.
        """
        self._counts = name.startswith("__") or "/" in name
        self._draws.seed(f"{self._chance} {name}")

    def now(self, zone: str) -> arrow.Arrow:
        self.mattered |= self._counts
        return self._moment.to(zone)

    def drawing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def draw(*given: Any) -> Any:
            self.mattered |= self._counts
            return method(*given)

        return draw

    def take_place(self) -> None:
        """Stand in for what cookiecutter's extensions and Jinja look up whenever a template asks them."""
        bits = self.drawing(self._draws.getrandbits)
        extensions.choice = random.choice = self.drawing(self._draws.choice)
        extensions.uuid = SimpleNamespace(uuid4=lambda: uuid.UUID(int=bits(128), version=4))
        extensions.arrow = SimpleNamespace(now=self.now)
        random.randrange = self.drawing(self._draws.randrange)
        generate.generate_file = self._announced(generate.generate_file)

    def _announced(self, original: Callable[..., None]) -> Callable[..., None]:
        """Files are generated in the order of the disk, which another disk may not have."""
        plain = getattr(original, "__wrapped__", original)

        @wraps(plain)
        def generate_file(project_dir: str, infile: str, *more: Any, **named: Any) -> None:
            self.begin(f"/{infile}")
            plain(project_dir, infile, *more, **named)

        return generate_file


class Unheeded:
    """The real clock and the real chance: nothing of this rendering is kept."""

    mattered = False

    def begin(self, name: str) -> None:
        """Every draw is another one anyway."""


def take_place(occasion: Mapping[str, str] | None) -> Playing | Unheeded:
    """Let the templates of this process see this occasion; without one, what happens to be."""
    if occasion is None:
        return Unheeded()
    playing = Playing(occasion)
    playing.take_place()
    return playing
