"""Where files of a template may go: the two trees that are published, and folders of the workspace."""

from __future__ import annotations

from typing import Any

from flagstone.scaffolding.engine.names import rendered_path_fault

SERVICE, GITOPS = "service", "gitops"


class PathWrong(Exception):
    """A path of a template leads nowhere that it may lead."""


def recorded_path(value: Any) -> str:
    """Return a path of a record, which stands there as `workspace_path` gave it.

    Raises:
        PathWrong: Somebody else wrote it.
    """
    if not isinstance(value, str):
        raise PathWrong(f"{value!r} is no path")
    path = workspace_path(value)
    if path != value:
        raise PathWrong(f"'{value}' is written '{path}'")
    return path


def recorded_tree(value: Any) -> str:
    """Return the name of a published tree that a record gives.

    Raises:
        PathWrong: There is none of that name.
    """
    if value not in (SERVICE, GITOPS):
        raise PathWrong(f"{value!r} is neither {SERVICE} nor {GITOPS}")
    return str(value)


def workspace_path(value: Any, *, default: str = "") -> str:
    """Return a path below the workspace; '' is its root.

    Raises:
        PathWrong: It is no path, absolute, or leads out.
    """
    if value is None:
        return default
    if not isinstance(value, str):
        raise PathWrong("must be a text")
    parts = [part for part in value.split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if value.startswith("/"):
        raise PathWrong(f"'{value}' is absolute; write it from the workspace, such as ./service")
    if fault := rendered_path_fault(path) if path else None:
        raise PathWrong(f"'{value}' {fault}")
    return path
