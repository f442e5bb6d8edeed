"""A file of YAML or JSON that is no Kubernetes object: its value, and where in it something stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.documents import Broken, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import mapping
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.manifests.source_lines import Place, SourceText
from flagstone.scorecards.engine.outcome import Fault

_LIMITS = Limits(file_bytes=1024 * 1024, nodes=100_000)


@dataclass(frozen=True, slots=True, eq=False)
class YamlFile:
    """One file.

    Attributes:
        path: where it is.
        value: its first document, if that is a mapping; else an empty one.
        problem: why it cannot be read; "" if it was.
    """

    path: str
    value: dict[str, Any]
    problem: str
    place: Place

    def fault(self, message: str, *keys: str | int) -> Fault:
        subject = self._subject(keys)
        return Fault(message, path=self.path, line=self.line(*keys), subject=subject)

    def _subject(self, keys: tuple[str | int, ...]) -> str:
        """A workflow goes by its name and the job that is meant."""
        name = text_of(self.value.get("name"))
        if not name or not isinstance(self.value.get("jobs"), dict):
            return ""
        job = str(keys[1]) if len(keys) > 1 and keys[0] == "jobs" else ""
        return f"workflow {name}/{job}"

    def line(self, *keys: str | int) -> int | None:
        """The line of a key path, or of what there is of it; None if the file cannot be read."""
        return None if self.problem else self.place.line(keys)


def read_yaml(snapshot: Snapshot, path: str) -> YamlFile:
    """Read a file's first document; whatever is in it, this does not raise."""
    text = snapshot.read_text(path)
    if text is None:
        return _unread(path, "it is not text that can be read")
    if len(text) > _LIMITS.file_bytes:
        return _unread(path, "it is larger than 1 MB")
    place = Place(SourceText(lambda: text), 0)
    first = next(read_documents(text, _LIMITS), None)
    if isinstance(first, Broken):
        return YamlFile(path, {}, f"line {first.line} is not YAML: {first.reason}", place)
    value = first.value if first else None
    problem = "" if isinstance(value, dict) else "it is not a mapping"
    return YamlFile(path, mapping(value), problem, place)


def _unread(path: str, problem: str) -> YamlFile:
    return YamlFile(path, {}, problem, Place(SourceText(lambda: None), 0))


def text_of(value: Any) -> str:
    """A scalar as a runner sees it; "" for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict | list) else str(value)


def texts_of(value: Any) -> dict[str, str]:
    """A mapping's scalars, as `env` and `with` have them."""
    items = mapping(value).items()
    return {key: text_of(item) for key, item in items if not isinstance(item, dict | list)}
