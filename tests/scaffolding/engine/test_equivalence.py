"""For harmless answers the child writes, byte for byte and bit for bit, what the cookiecutter command writes."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flagstone.scaffolding.engine.rendering import render_layer
from flagstone.scaffolding.engine.trees import RenderedFile
from tests.scaffolding.building import write_layer


def by_the_command(layer: Path, out: Path, given: dict[str, str]) -> dict[str, RenderedFile]:
    home = out / "home"
    home.mkdir(parents=True)
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "cookiecutter",
            "--no-input",
            "--output-dir",
            str(out / "tree"),
            str(layer),
            *(f"{key}={value}" for key, value in given.items()),
        ],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr.decode()
    (top,) = (out / "tree").iterdir()
    return {
        path.relative_to(top).as_posix(): RenderedFile(
            path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR)
        )
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }


EVERYTHING = {
    "README.md": "# {{ cookiecutter.title }}\r\nWindows lines\r\n{{ cookiecutter.kind }}\r\n",
    "no-newline.txt": "{{ cookiecutter.name }}",
    "blank.txt": "\n\n{{ cookiecutter.port }}\n\n\n",
    "src/{{cookiecutter.module}}/__init__.py": "NAME = '{{ cookiecutter.name }}'\n",
    "docs/{% if cookiecutter.docs %}index.md{% endif %}": "docs of {{ cookiecutter.name }}\n",
    "{% if cookiecutter.kind == 'worker' %}worker.py{% endif %}": "worker\n",
    "raw/{{cookiecutter.name}}/keep.html": "{{ not rendered }}",
    "keep.tpl": "{{ not rendered either }}",
    "logo.png": b"\x89PNG\r\n\x1a\n\x00\x00{{ cookiecutter.name }}\x00",
    "run.sh": "#!/bin/sh\nexec {{ cookiecutter.name }}\n",
    "filters.txt": "{{ cookiecutter.title | slugify }} {{ cookiecutter.db | jsonify }} {{ cookiecutter.db.port }}\n",
    "loop.txt": (
        "{% for key, value in cookiecutter.db.items() %}{{ key }}={{ value }}\n{% endfor %}"
        "{% set words = [] %}{% for w in 'a b'.split() %}{% do words.append(w | upper) %}{% endfor %}{{ words }}\n"
    ),
    "keys.txt": "{{ cookiecutter.keys() | list }}",
    "raw.txt": "{{ _cookiecutter | jsonify }}\n{{ cookiecutter.__private }} {{ cookiecutter._raw }}\n",
    "macro.txt": "{% from 'macros.j2' import hello %}{{ hello(cookiecutter.name) }}",
    "../templates/macros.j2": "{% macro hello(x) %}hello {{ x }}{% endmacro %}",
    "types.txt": "{{ [cookiecutter.port, cookiecutter.ratio, cookiecutter.nothing, cookiecutter.docs] }}",
    "literal.txt": "{% raw %}${{ secrets.TOKEN }} {{ x }}{% endraw %}\n{# gone #}",
    "unicode-\u00e4.txt": "\u00e4\u00f6\u00fc \u6f22\u5b57 {{ cookiecutter.title }}\n",
    "with space/a b.txt": "x",
}
VARIABLES = {
    "title": "My Shop",
    "module": "{{ cookiecutter.name | replace('-', '_') }}",
    "kind": ["http", "worker", "{{ cookiecutter.name }}-kind"],
    "docs": True,
    "port": 8080,
    "ratio": 1.5,
    "nothing": None,
    "db": {
        "host": "{{ cookiecutter.name }}-db",
        "{{ cookiecutter.name }}": ["{{ cookiecutter.module }}", 1],
        "port": 5432,
    },
    "_raw": "{{ cookiecutter.name }}",
    "__private": "{{ cookiecutter.module }}!",
    "_copy_without_render": ["raw/*", "*.tpl"],
    "_extensions": ["jinja2.ext.do"],
    "__prompts__": {"title": "What is it called?"},
}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "funds-transfer"},
        {
            "name": "funds-transfer",
            "kind": "worker",
            "docs": "no",
            "title": "Über $%&'\"<> \\ \t x",
        },
        {"module": "other", "port": "9090", "nothing": "something"},
    ],
)
def test_every_feature_of_a_template(tmp_path, given):
    layer = write_layer(tmp_path / "layer", EVERYTHING, VARIABLES)
    (layer / "{{cookiecutter.name}}" / "run.sh").chmod(0o755)
    theirs = by_the_command(layer, tmp_path / "out", given)
    ours = render_layer(layer, given)
    assert dict(ours.files) == theirs
    assert ours.files["run.sh"].executable is True
    assert len(theirs) > 15


@pytest.mark.parametrize(
    ("variables", "files"),
    [
        (
            {"_jinja2_env_vars": {"lstrip_blocks": True, "trim_blocks": True}},
            {"a": "x\n  {% if true %}\n  y\n  {% endif %}\nz\n"},
        ),
        (
            {
                "_jinja2_env_vars": {
                    "variable_start_string": "{{",
                    "comment_start_string": "<#",
                    "comment_end_string": "#>",
                }
            },
            {"a": "{# kept #} <# gone #>{{ cookiecutter.name }}"},
        ),
        ({"_new_lines": "\r\n"}, {"a": "x\ny\n"}),
        (
            {"_extensions": ["jinja2.ext.loopcontrols"]},
            {"a": "{% for x in range(9) %}{% if x > 2 %}{% break %}{% endif %}{{ x }}{% endfor %}"},
        ),
        (
            {},
            {
                "a": "{% now 'utc', '%Y' %}",
                "b": "{{ random_ascii_string(0) }}|{{ uuid4() | length }}",
            },
        ),
    ],
)
def test_settings_of_a_template(tmp_path, variables, files):
    layer = write_layer(tmp_path / "layer", files, variables)
    assert dict(render_layer(layer, {}).files) == by_the_command(layer, tmp_path / "out", {})


def test_a_link_inside_the_template(tmp_path):
    layer = write_layer(tmp_path / "layer", {"a.txt": "{{ cookiecutter.name }}", "sub/x": "y"})
    top = layer / "{{cookiecutter.name}}"
    (top / "b.txt").symlink_to("a.txt")
    (top / "linked").symlink_to("sub")
    assert dict(render_layer(layer, {}).files) == by_the_command(layer, tmp_path / "out", {})


def test_the_scaffolds_that_ship(tmp_path):
    root = Path(__file__).resolve().parents[3] / "scaffolds"
    layers = sorted(path.parent for path in root.rglob("cookiecutter.json"))
    assert root / "paved-path" in layers
    for number, layer in enumerate(layers):
        assert "name" in json.loads((layer / "cookiecutter.json").read_text())
        ours = render_layer(layer, {"name": "funds-transfer"})
        theirs = by_the_command(layer, tmp_path / str(number), {"name": "funds-transfer"})
        assert dict(ours.files) == theirs, layer.name
