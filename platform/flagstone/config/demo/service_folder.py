"""One service's files in the GitOps repository while its history is being written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

APPLICATION = "application"  # stands for apps/<name>.yaml, which lies outside the service's folder


class StoryError(Exception):
    """A story no longer fits the text that it changes: the paved path has moved on."""


@dataclass(slots=True)
class ServiceFolder:
    """Files by their path in the repository; stories name them as people do, `rollout.yaml`."""

    name: str
    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, repository: Mapping[str, bytes]) -> Self:
        """Take one service's files out of a repository."""
        mine = cls(name)
        own = (f"services/{name}/", mine.path(APPLICATION))
        mine.files = {
            path: data.decode() for path, data in repository.items() if path.startswith(own)
        }
        return mine

    def contents(self) -> dict[str, bytes]:
        return {path: text.encode() for path, text in self.files.items()}

    def path(self, file: str) -> str:
        return f"apps/{self.name}.yaml" if file == APPLICATION else f"services/{self.name}/{file}"

    def read(self, file: str) -> str:
        return self.files[self.path(file)]

    def find(self, file: str, pattern: str) -> str:
        """Return the group of the first place that a pattern finds."""
        found = re.search(pattern, self.read(file), re.MULTILINE)
        if found is None:
            raise StoryError(f"{self.path(file)}: nothing looks like {pattern!r}")
        return found[1]

    def write(self, file: str, text: str) -> None:
        self.files[self.path(file)] = text

    def remove(self, file: str) -> None:
        del self.files[self.path(file)]

    def move(self, file: str, to: str) -> None:
        self.files[self.path(to)] = self.files.pop(self.path(file))

    def replace(self, file: str, old: str, new: str, *, times: int = 1) -> None:
        """Replace a text that has to stand there exactly that often."""
        text = self.read(file)
        if text.count(old) != times:
            raise StoryError(
                f"{self.path(file)}: {old!r} stands there {text.count(old)} times, not {times}"
            )
        self.write(file, text.replace(old, new))

    def substitute(self, file: str, pattern: str, new: str, *, times: int = 1) -> None:
        """Replace what a pattern finds, which has to be found exactly that often; `^` and `$` stand for lines."""
        text, found = re.subn(pattern, new, self.read(file), flags=re.MULTILINE)
        if found != times:
            raise StoryError(f"{self.path(file)}: {pattern!r} is found {found} times, not {times}")
        self.write(file, text)

    def cut(self, file: str, first_line: str, *, times: int = 1) -> None:
        """Cut out a line, what is indented below it, and the comment right above it."""
        lines = self.read(file).splitlines(keepends=True)
        kept: list[str] = []
        found, depth = 0, -1
        for line in lines:
            indent = len(line) - len(line.lstrip())
            if depth >= 0 and (indent > depth or not line.strip()):
                continue
            depth = -1
            if line.strip() == first_line:
                found, depth = found + 1, indent
                while kept and re.match(rf" {{{indent}}}#", kept[-1]):
                    kept.pop()
                continue
            kept.append(line)
        if found != times:
            raise StoryError(
                f"{self.path(file)}: {first_line!r} stands there {found} times, not {times}"
            )
        self.write(file, "".join(kept))


Story = Callable[[ServiceFolder], None]


def tell(folder: ServiceFolder, stories: Iterable[Story]) -> None:
    """Let everything happen to a service that happened to it, in order."""
    for story in stories:
        story(folder)
