"""Rendering charts with `helm template` and their default values."""

from __future__ import annotations

import posixpath
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from flagstone.policies.manifests.charts import CHART_FILE, is_below
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.rendering import Outcome
from flagstone.policies.manifests.tools import (
    ToolError,
    copy_files,
    find_tool,
    rendered_objects,
    run_tool,
)

_SOURCE = re.compile(r"^# Source: [^/\n]+/(.+)$", re.MULTILINE)


def render_chart(folder: str, files: Mapping[str, bytes], limits: Limits) -> Outcome:
    """Render one chart; its objects name the template they came from, which has no lines of theirs."""
    helm = find_tool("helm")
    if helm is None:
        return ToolError("helm is not installed")
    try:
        with tempfile.TemporaryDirectory(prefix="flagstone-helm-") as place:
            copy = Path(place).resolve()
            copy_files(files, (path for path in files if is_below(path, folder)), copy)
            release = posixpath.basename(folder) or "chart"
            output = run_tool([helm, "template", release, str(copy / folder)], copy, limits)
        return [
            Manifest(raw, posixpath.join(folder, _source(text)), origin=folder)
            for text, raw in rendered_objects(output, limits)
        ]
    except ToolError as error:
        return error


def _source(text: str) -> str:
    """The template that helm names above each document."""
    found = _SOURCE.search(text)
    return found[1].strip() if found else CHART_FILE
