from __future__ import annotations

import pytest

from tests.scaffolding.building import write_layer
from tests.scaffolding.engine.backstage import CATALOG


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "scaffolds" / "node"
    files = {
        "skeleton/catalog-info.yaml": CATALOG,
        "skeleton/README.md": "# ${{ values.name }} of ${{ values.repo }} by ${{ values.email }}\n",
        "skeleton/raw/ci.yaml": "x: ${{ secrets.TOKEN }}\n",
        "skeleton/unwanted/a": "a",
        "skeleton/deep/b.tmp": "b",
        "docs/index.md": "# ${{ not.rendered }}\n",
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    for language in ("js", "ts"):
        write_layer(root / "languages" / language, {f"main.{language}": "{{ cookiecutter.name }}"})
    return root
