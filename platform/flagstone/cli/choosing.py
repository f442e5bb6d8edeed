"""Which scaffold a command means: one of ours by its id, a folder, or a cookiecutter repository somewhere."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flagstone.core.content import content_dir
from flagstone.core.errors import NotFound, UserError
from flagstone.forge.git.checkout import check_out
from flagstone.forge.git.remotes import GitRemote
from flagstone.scaffolding.engine.addresses import template_address
from flagstone.scaffolding.engine.cookiecutter_json import SETTINGS
from flagstone.scaffolding.engine.layers import Origin
from flagstone.scaffolding.engine.names import name_fault, slug
from flagstone.scaffolding.engine.scaffold import (
    TEMPLATE,
    Scaffold,
    load_scaffold,
    load_scaffolds,
)
from flagstone.scaffolding.engine.sources import Source, scaffolds_of


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for.

    Args:
        name: An id, a folder, or an address.
        scaffolds: Where ids are looked up; Flagstone's own folder without one.
        ref: Of a repository.
        directory: The template's folder in a repository.
        template: Which one of several that are nested.
        runs_code: Whether hooks and extensions run.
    """

    name: str
    scaffolds: Path | None = None
    ref: str = ""
    directory: str = ""
    template: str = ""
    runs_code: bool = False


@contextlib.contextmanager
def chosen_scaffold(wish: Wish) -> Iterator[Scaffold]:
    """Give the scaffold that is meant; what was fetched for it is removed on leaving.

    Raises:
        NotFound: There is none.
        TemplateError: It is broken, and where.
        AddressRefused, ForgeError: It cannot be fetched.
    """
    folder = Path(wish.name)
    if ":" in wish.name and not folder.exists():
        with _fetched(wish) as found:
            yield found
    elif folder.is_dir() and (folder / TEMPLATE).is_file():
        # its layers may lie beside it, as those of our own scaffolds do
        place = folder.resolve()
        yield load_scaffold(place, root=place.parent, runs_code=wish.runs_code)
    elif folder.is_dir() and ((folder / SETTINGS).is_file() or folder.name != wish.name):
        yield _template_in(folder.resolve(), folder.resolve().name, wish)
    else:
        yield _by_id(wish.name, wish.scaffolds or content_dir("scaffolds"))


@contextlib.contextmanager
def _fetched(wish: Wish) -> Iterator[Scaffold]:
    address = template_address(wish.name, allowed=None)
    with tempfile.TemporaryDirectory(prefix="flagstone-template-") as place:
        into = Path(place).resolve()
        into.chmod(0o755)
        remote = GitRemote(address.url, address.url, protocols=(address.scheme,))
        commit = check_out(remote, wish.ref, into)
        folder = (into / wish.directory).resolve()
        if not folder.is_relative_to(into) or not folder.is_dir():
            raise NotFound(f"{address.url} has no folder '{wish.directory}' at {commit[:12]}.")
        origin = Origin(address.url, commit, wish.directory.strip("/"))
        yield _template_in(folder, address.name, wish, origin)


def _template_in(folder: Path, name: str, wish: Wish, origin: Origin | None = None) -> Scaffold:
    source = Source(_id(name), name, folder, origin=origin, runs_code=wish.runs_code)
    found = scaffolds_of(source, entry=content_dir("scaffolds") / "catalog-entry")
    by_key = {scaffold.id.removeprefix(f"{source.id}-"): scaffold for scaffold in found}
    if len(found) > 1 and wish.template not in by_key:
        raise UserError(
            f"{name} holds several templates. Choose one with --template: {', '.join(sorted(by_key))}."
        )
    chosen = by_key[wish.template] if len(found) > 1 else found[0]
    if chosen.problem:
        raise chosen.problem
    return chosen


def _id(name: str) -> str:
    text = slug(name)
    return text if text and not name_fault(text) else f"template-{text}".strip("-")


def _by_id(wanted: str, folder: Path) -> Scaffold:
    found = {each.id: each for each in load_scaffolds(folder)}
    if wanted not in found:
        raise NotFound(
            f"{folder} has no scaffold '{wanted}'. It has {', '.join(sorted(found)) or 'none'}."
        )
    if problem := found[wanted].problem:
        raise problem
    return found[wanted]
