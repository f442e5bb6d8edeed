from __future__ import annotations

import pytest

from flagstone.config.demo.gitops import gitops_files
from flagstone.config.demo.organisation import organisation_files
from tests.config.demo.rendering import TODAY, render


@pytest.fixture(scope="session")
def gitops() -> dict[str, bytes]:
    return gitops_files(render, today=TODAY)


@pytest.fixture(scope="session")
def organisation() -> dict[str, bytes]:
    return organisation_files()
