from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.git_http import GitServer, publish, serving
from tests.scaffolding.building import write_layer

if TYPE_CHECKING:
    from flagstone.accounts.models import User
    from flagstone.scaffolding.models import TemplateSource


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[GitServer]:
    """A code host whose origin is allowed."""
    (tmp_path / "bare").mkdir()
    with serving(tmp_path / "bare") as running:
        settings.FLAGSTONE_TEMPLATE_HOSTS = [running.url]
        settings.FLAGSTONE_HOME = tmp_path / "home"
        yield running


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The template's work tree: a hook, and a default that is derived."""
    folder = tmp_path / "work"
    write_layer(
        folder,
        {"README.md": "# {{ cookiecutter.title }}\n"},
        {"title": "{{ cookiecutter.name | upper }}"},
    )
    (folder / "hooks").mkdir()
    (folder / "hooks" / "post_gen_project.py").write_text("open('by-hook', 'w').write('x')\n")
    return folder


@pytest.fixture
def register(
    db: None, server: GitServer, work: Path, sent: list[Any], admin_user: User
) -> Callable[..., TemplateSource]:
    """Publish the work tree as acme/demo.git and register it; the worker is not called."""
    from flagstone.scaffolding.registered import actions

    publish(work, server.root / "demo.git")

    def act(actor: User = admin_user, **wishes: Any) -> TemplateSource:
        return actions.register_template(
            actor=actor, **{"url": f"{server.url}/demo.git", "title": "A demo", **wishes}
        )

    return act
