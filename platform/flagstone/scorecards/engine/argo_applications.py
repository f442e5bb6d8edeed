"""Argo CD Applications, and the Applications that an ApplicationSet would make, read alike."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence, text_map
from flagstone.scorecards.engine.index import folders_above

GROUP = "argoproj.io"
KINDS = ("Application", "ApplicationSet")


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """An Application; `base` is the way to its spec, which in an ApplicationSet is a template's."""

    manifest: Manifest
    base: tuple[str | int, ...]

    @property
    def spec(self) -> dict[str, Any]:
        return mapping(self.manifest.at(*self.base))

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def sources(self) -> list[tuple[tuple[str | int, ...], dict[str, Any]]]:
        """Each source with the way to it."""
        several = sequence(self.spec.get("sources"))
        if several:
            return [
                ((*self.base, "sources", i), mapping(source)) for i, source in enumerate(several)
            ]
        source = mapping(self.spec.get("source"))
        return [((*self.base, "source"), source)] if source else []

    @property
    def namespace(self) -> str:
        """Where it deploys to; "" if that is left to a generator."""
        name = dig(self.spec, "destination", "namespace")
        return name if isinstance(name, str) and "{{" not in name else ""

    @property
    def self_heal(self) -> bool:
        automated = dig(self.spec, "syncPolicy", "automated")
        return (
            isinstance(automated, dict)
            and automated.get("selfHeal") is True
            and automated.get("enabled") is not False
        )

    @property
    def sync_options(self) -> list[str]:
        return [str(option) for option in sequence(dig(self.spec, "syncPolicy", "syncOptions"))]

    @property
    def namespace_labels(self) -> dict[str, str]:
        """The labels that Argo CD gives the namespace it makes."""
        return text_map(dig(self.spec, "syncPolicy", "managedNamespaceMetadata", "labels"))

    def paths(self) -> Iterator[str]:
        """The folders of the repository that it deploys, as far as they are written down."""
        for _, source in self.sources:
            path = source.get("path")
            if isinstance(path, str) and "{{" not in path:
                yield _folder(path)

    def generates(self, folder: str) -> bool:
        """Whether a git generator of the ApplicationSet makes an Application for that folder."""
        patterns = list(self._patterns())
        for place in folders_above(folder):
            if any(_glob(place, glob) for glob, exclude in patterns if exclude):
                return False
            if any(_glob(place, glob) for glob, exclude in patterns if not exclude):
                return True
        return False

    def roots(self) -> set[str]:
        """The folders below which its git generators look."""
        found = set[str]()
        for glob, exclude in self._patterns():
            if not exclude:
                parts = _folder(glob).split("/")
                wild = next((i for i, part in enumerate(parts) if set(part) & set("*?[{")), None)
                found.add("/".join(parts[:wild]))
        return found

    def _patterns(self) -> Iterator[tuple[str, bool]]:
        for git in self._git_generators():
            for directory in map(mapping, sequence(git.get("directories"))):
                yield str(directory.get("path", "")), directory.get("exclude") is True

    def _git_generators(self) -> Iterator[dict[str, Any]]:
        waiting = sequence(self.manifest.spec.get("generators"))[:]
        while waiting:
            generator = mapping(waiting.pop())
            if "git" in generator:
                yield mapping(generator["git"])
            for nested in ("matrix", "merge"):
                waiting += sequence(dig(generator, nested, "generators"))


def application(manifest: Manifest) -> Application:
    if manifest.kind == "ApplicationSet":
        return Application(manifest, ("spec", "template", "spec"))
    return Application(manifest, ("spec",))


def _folder(path: str) -> str:
    folder = posixpath.normpath(path.strip("/") or ".")
    return "" if folder == "." else folder


def _glob(folder: str, pattern: str) -> bool:
    """Argo CD's `*` stays within one path segment."""
    parts, globs = folder.split("/"), _folder(pattern).split("/")
    return len(parts) == len(globs) and all(map(fnmatchcase, parts, globs))


_REPOSITORY = re.compile(r"^(?:[a-z+]+://)?(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+)?[:/]+(?P<path>.*)$")


def same_repository(url: str, pattern: str) -> bool:
    """Whether an AppProject's `sourceRepos` entry (a glob, without its `!`) names a repository."""
    return fnmatchcase(_plain_url(url), _plain_url(pattern)) or fnmatchcase(url, pattern)


def _plain_url(url: str) -> str:
    text = url.strip().rstrip("/").removesuffix(".git")
    found = _REPOSITORY.match(text)
    return f"{found['host'].lower()}/{found['path'].strip('/')}" if found else text
