"""Which file of a preview is open before anybody chose one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import pytest

from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree
from flagstone.web.preview_verdicts import Verdict
from flagstone.web.previews import GITOPS, SERVICE, Kept, chosen_file

GITOPS_FILES = {
    "apps/a.yaml": b"a: 1\n",
    "services/a/logo.png": b"\x89PNG\0",
    "services/a/rollout.yaml": b"kind: Rollout\n",
}


def kept(
    gitops: Mapping[str, bytes],
    service: Mapping[str, bytes],
    *,
    before: Mapping[str, bytes],
    obstacle: str,
) -> Kept:
    def tree(files: Mapping[str, bytes]) -> RenderedTree:
        return RenderedTree({path: RenderedFile(content) for path, content in files.items()})

    return Kept(
        key=uuid.uuid4(),
        scaffold_id="x",
        name="a",
        answers={},
        posted={},
        trees={GITOPS: tree(gitops), SERVICE: tree(service)},
        repositories={},
        verdict=Verdict(None, "", "", (), (), obstacle, {}),
        before=before,
    )


@pytest.mark.parametrize(
    ("_case", "gitops", "service", "before", "obstacle", "opened"),
    [
        ("how it is released", GITOPS_FILES, {}, {}, "", (GITOPS, "services/a/rollout.yaml")),
        (
            "what changes",
            GITOPS_FILES,
            {},
            {"apps/a.yaml": b"a: 2\n"},
            "",
            (GITOPS, "apps/a.yaml"),
        ),
        (
            "what is in the way, though it is the same",
            GITOPS_FILES,
            {},
            {"apps/a.yaml": b"a: 1\n"},
            "in the way",
            (GITOPS, "apps/a.yaml"),
        ),
        (
            "a text before a picture",
            {},
            {".x": b"", "a.png": b"\x89PNG\0", "main.py": b"1\n"},
            {},
            "",
            (SERVICE, "main.py"),
        ),
        ("a picture where there is no text", {}, {"a.png": b"\xff"}, {}, "", (SERVICE, "a.png")),
        ("nothing", {}, {}, {}, "", (SERVICE, "")),
    ],
)
def test_the_file_that_is_worth_seeing_first_is_open(
    _case: str,
    gitops: Mapping[str, bytes],
    service: Mapping[str, bytes],
    before: Mapping[str, bytes],
    obstacle: str,
    opened: tuple[str, str],
) -> None:
    assert chosen_file(kept(gitops, service, before=before, obstacle=obstacle), "") == opened
