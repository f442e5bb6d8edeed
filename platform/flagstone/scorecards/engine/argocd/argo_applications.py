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
_OTHER_ENVIRONMENT = re.compile(
    r"(?<![a-z0-9])(?:dev(?:el(?:opment)?)?|stag(?:e|ing)|stg|test(?:ing)?|qa|uat|int(?:egration)?"
    r"|preview|sandbox|ephemeral|pr-?\d+)(?![a-z0-9])"
)
_PRODUCTION = re.compile(r"(?<![a-z0-9])(?:prod(?:uction)?|prd|live)(?![a-z0-9])")
_ENVIRONMENT_LABEL = re.compile(r"(?:.*[/._-])?(?:env|environment|stage)")


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
    def is_generated(self) -> bool:
        """Whether it is what an ApplicationSet makes."""
        return self.manifest.kind == "ApplicationSet"

    @property
    def metadata_keys(self) -> tuple[str | int, ...]:
        """The way to the Application's own metadata: those of the template, in an ApplicationSet."""
        return (*self.base[:-1], "metadata")

    @property
    def annotations(self) -> dict[str, str]:
        return text_map(self.manifest.at(*self.metadata_keys, "annotations"))

    @property
    def labels(self) -> dict[str, str]:
        return text_map(self.manifest.at(*self.metadata_keys, "labels"))

    @property
    def finalizers(self) -> list[str]:
        return [str(item) for item in sequence(self.manifest.at(*self.metadata_keys, "finalizers"))]

    @property
    def project(self) -> str:
        return str(self.spec.get("project") or "default")

    @property
    def is_production(self) -> bool:
        """Whether it says so, or nothing says that it is for another environment."""
        paths = [str(source.get("path") or "") for _, source in self.sources]
        labels = [v for label, v in self.labels.items() if _ENVIRONMENT_LABEL.fullmatch(label)]
        spoken = [text.lower() for text in (self.name, self.namespace, *paths, *labels)]
        return any(map(_PRODUCTION.search, spoken)) or not any(
            map(_OTHER_ENVIRONMENT.search, spoken)
        )

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
                yield folder_at(path)

    def generates(self, folder: str) -> bool:
        """Whether a git generator of the ApplicationSet makes an Application for that folder."""
        patterns = list(self._patterns())
        for place in folders_above(folder):
            if any(_glob(place, glob) for glob, exclude in patterns if exclude):
                return False
            if any(_glob(place, glob) for glob, exclude in patterns if not exclude):
                return True
        return False

    def generates_exactly(self, folder: str) -> bool:
        """Whether a git generator names that very folder, not only one around it."""
        patterns = list(self._patterns())
        named = any(_glob(folder, glob) for glob, exclude in patterns if not exclude)
        return named and self.generates(folder)

    def found_in(self, folders: frozenset[str]) -> Iterator[str]:
        """The addresses of the repositories of which some of these folders are a part."""
        for _, source in self.sources:
            path, url = source.get("path"), source.get("repoURL")
            root = folder_at(path.partition("{{")[0]) if isinstance(path, str) else ""
            if isinstance(url, str) and root and root in folders:
                yield url
        for git in self._git_generators():
            url = git.get("repoURL")
            if isinstance(url, str) and any(map(self.generates_exactly, folders)):
                yield url

    def roots(self) -> set[str]:
        """The folders below which its git generators look."""
        found = set[str]()
        for glob, exclude in self._patterns():
            if not exclude:
                parts = folder_at(glob).split("/")
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


def folder_at(path: str) -> str:
    """The folder that a path of an Application means; "" is the root."""
    folder = posixpath.normpath(path.strip("/") or ".")
    return "" if folder == "." else folder


def _glob(folder: str, pattern: str) -> bool:
    """Argo CD's `*` stays within one path segment."""
    parts, globs = folder.split("/"), folder_at(pattern).split("/")
    return len(parts) == len(globs) and all(map(fnmatchcase, parts, globs))


_REPOSITORY = re.compile(r"^(?:[a-z+]+://)?(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+)?[:/]+(?P<path>.*)$")


def same_repository(url: str, pattern: str) -> bool:
    """Whether an AppProject's `sourceRepos` entry (a glob, without its `!`) names a repository."""
    return fnmatchcase(plain_url(url), plain_url(pattern)) or fnmatchcase(url, pattern)


def plain_url(url: str) -> str:
    """One way to write the address of a repository: host and path."""
    text = url.strip().rstrip("/").removesuffix(".git")
    found = _REPOSITORY.match(text)
    return f"{found['host'].lower()}/{found['path'].strip('/')}" if found else text
