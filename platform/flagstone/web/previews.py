"""Previews that have been rendered: kept for a while, so that each file has an address and a reload costs nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.forge.git.diffs import FileDiff
from flagstone.forge.git.texts import compare
from flagstone.gate.previews import Forecast
from flagstone.scaffolding.engine.trees import RenderedTree
from flagstone.web.forms.questions import as_posted
from flagstone.web.links import with_query
from flagstone.web.preview_verdicts import Finding, Verdict, verdict_of
from flagstone.web.templatetags.trees import TreeFile

KEPT_SECONDS = 2 * 3600
GITOPS, SERVICE = "gitops", "service"
TITLES = {GITOPS: "GitOps repository", SERVICE: "Service repository"}
# what a reviewer wants to see first: how it is released
_FIRST = ("rollout.yaml", "deployment.yaml", "catalog-info.yaml")


@dataclass(frozen=True, slots=True)
class Kept:
    """A preview as the cache holds it; `key` is also what makes one run of it, however often it is sent."""

    key: uuid.UUID
    scaffold_id: str
    name: str
    answers: Mapping[str, Any]
    posted: Mapping[str, Sequence[str]]
    trees: Mapping[str, RenderedTree]
    repositories: Mapping[str, str]
    verdict: Verdict
    notes: tuple[str, ...] = ()
    before: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def changes_nothing(self) -> bool:
        """Whether all that would be written is there already, just so."""
        gitops = self.trees[GITOPS].files
        is_same = not any(self.status_of(GITOPS, path) for path in gitops)
        return bool(gitops) and is_same and not self.trees[SERVICE].files

    def status_of(self, tree: str, path: str) -> str:
        """Tell whether a file would be added, modified, or stay as it is ('')."""
        before = self.before.get(path) if tree == GITOPS else None
        if before is None:
            return "added"
        return "modified" if before != self.trees[tree].files[path].content else ""


@dataclass(frozen=True, slots=True)
class Repository:
    """One of the two trees, as the page lists it."""

    key: str
    title: str
    full_name: str
    files: list[TreeFile]
    current: str


@dataclass(frozen=True, slots=True)
class File:
    """The file that is shown; `text` is None for one that holds no text, `diff` for one that is not changed."""

    path: str
    repository: str
    text: str | None
    size: int
    is_executable: bool
    findings: tuple[Finding, ...] = ()
    diff: FileDiff | None = None

    @property
    def hits(self) -> set[int]:
        return {finding.line for finding in self.findings if finding.line}

    @property
    def lines(self) -> int:
        return len(self.text.splitlines()) if self.text else 0


def keep(user: User, forecast: Forecast) -> Kept:
    """Keep a preview for the person who asked for it."""
    preview, rendered = forecast.preview, forecast.preview.rendered
    kept = Kept(
        key=uuid.uuid4(),
        scaffold_id=preview.scaffold.id,
        name=rendered.service_name,
        answers=dict(rendered.answers),
        posted=as_posted(preview.scaffold.form, rendered.answers),
        trees={GITOPS: rendered.gitops, SERVICE: rendered.service},
        repositories={
            GITOPS: preview.target.full_name,
            SERVICE: preview.service_repository,
        },
        verdict=verdict_of(forecast),
        notes=(
            *rendered.log,
            *(f"Left out: {name}, since its condition is false." for name in rendered.skipped),
        ),
        before=forecast.before,
    )
    cache.set(_place(user, kept.key), kept, KEPT_SECONDS)
    return kept


def kept_preview(user: User, key: uuid.UUID) -> Kept | None:
    """Return a preview that this person made; None once it is forgotten."""
    found = cache.get(_place(user, key))
    return found if isinstance(found, Kept) else None


def remember(user: User, page: str, posted: Mapping[str, Sequence[str]]) -> None:
    """Keep what somebody sent from a page of a form, so that the way back leads to the form as it was filled in."""
    try:
        cache.set(_answers_place(user, uuid.UUID(page)), dict(posted), KEPT_SECONDS)
    except ValueError:
        return


def remembered(user: User, page: uuid.UUID) -> Mapping[str, Sequence[str]] | None:
    found: Mapping[str, Sequence[str]] | None = cache.get(_answers_place(user, page))
    return found


def chosen_file(kept: Kept, wanted: str) -> tuple[str, str]:
    """Return the tree and the path that an address asks for, or what is worth seeing first."""
    tree, _, path = wanted.partition(":")
    if tree in kept.trees and path in kept.trees[tree].files:
        return tree, path
    worth = list(_by_worth(kept))
    return next(
        (place for place in worth if _text_at(kept, *place) is not None),
        (worth or [(SERVICE, "")])[0],
    )


def _by_worth(kept: Kept) -> Iterator[tuple[str, str]]:
    """Yield what is in the way or changes, then how it is released, then the rest."""
    gitops = list(kept.trees[GITOPS].files)
    changed = [path for path in gitops if kept.status_of(GITOPS, path) == "modified"]
    in_the_way = [path for path in gitops if path in kept.before] if kept.verdict.obstacle else []
    released = [path for name in _FIRST for path in gitops if path.endswith(f"/{name}")]
    for path in (*changed, *in_the_way, *released, *gitops):
        yield GITOPS, path
    # what only tools read comes last
    for path in sorted(kept.trees[SERVICE].files, key=lambda file: (file.startswith("."), file)):
        yield SERVICE, path


def _text_at(kept: Kept, tree: str, path: str) -> str | None:
    try:
        text = kept.trees[tree].files[path].content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def repositories_of(kept: Kept, tree: str, path: str) -> list[Repository]:
    """Return both trees with the addresses of their files."""
    page = reverse("web:new-previewed", args=(kept.scaffold_id, kept.key))
    return [
        Repository(
            key=key,
            title=TITLES[key],
            full_name=kept.repositories[key],
            files=[
                TreeFile(
                    file,
                    with_query(page, file=f"{key}:{file}"),
                    status=kept.status_of(key, file),
                    findings=len(kept.verdict.findings.get(file, ())) if key == GITOPS else 0,
                )
                for file in rendered.files
            ],
            current=path if key == tree else "",
        )
        for key, rendered in kept.trees.items()
        if rendered.files
    ]


def file_of(kept: Kept, tree: str, path: str) -> File | None:
    """Return the content of a file; None when the scaffold writes none at all."""
    rendered = kept.trees[tree].files.get(path)
    if rendered is None:
        return None
    findings = kept.verdict.findings.get(path, ()) if tree == GITOPS else ()
    return File(
        path,
        TITLES[tree],
        _text_at(kept, tree, path),
        len(rendered.content),
        rendered.executable,
        findings,
        compare(path, kept.before[path], rendered.content)
        if kept.status_of(tree, path) == "modified"
        else None,
    )


def _place(user: User, key: uuid.UUID) -> str:
    return f"preview:{user.pk}:{key}"


def _answers_place(user: User, page: uuid.UUID) -> str:
    return f"answers:{user.pk}:{page}"
