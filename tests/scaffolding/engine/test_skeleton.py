"""Skeletons, rendered as Backstage's `fetch:template` renders them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flagstone.scaffolding.engine.jobs import LayerJob, LayerKind, Limits
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.errors import LimitExceeded, TemplateError, UnsafeTemplate

VALUES: dict[str, Any] = {
    "name": "checkout",
    "owner": "group:default/payments",
    "repoUrl": "github.com?owner=acme&repo=shop",
    "public": True,
    "nothing": None,
    "port": 8080,
    "tags": ["a", "b"],
    "ports": {"http": 80, "grpc": 90},
    "hostile": "${{ 7 * 7 }} {% raw %} {{ x }}",
}


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def render(folder: Path, limits: Limits | None = None, **options: Any) -> dict[str, bytes]:
    job = LayerJob(folder, VALUES, "demo", kind=LayerKind.SKELETON, options=options)
    return render_layers([job], limits=limits)[0].tree.contents()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("name: ${{ values.name }}\n", "name: checkout\n"),
        ("${{values.name | upper}}", "CHECKOUT"),
        ("{{ values.name }} {{cookiecutter.x}}", "{{ values.name }} {{cookiecutter.x}}"),
        ("p=${{ values.public }} ${{ values.nothing }}.", "p=true ."),
        ("${{ values.missing }}${{ values.missing.deeper }}.", "."),
        ("${{ values.tags }} ${{ values.tags | dump }}", 'a,b ["a","b"]'),
        ("{% if values.public %}yes{% elseif values.x %}x{% else %}no{% endif %}", "yes"),
        ("{% if values.name === 'checkout' && !false %}", None),
        ("{% if values.name === 'checkout' %}is{% endif %}", "is"),
        ("{%- for tag in values.tags %}\n- ${{ tag }}\n{%- endfor %}\n", "\n- a\n- b\n"),
        ("{% for k, v in values.ports %}${{ k }}=${{ v }};{% endfor %}", "http=80;grpc=90;"),
        ("{% for a, b in [[1, 2]] %}${{ a }}${{ b }}{% endfor %}", "12"),
        ("{% for x in values.tags %}${{ loop.index }}${{ loop.last }} {% endfor %}",
         "1false 2true "),
        ("{% raw %}${{ secrets.TOKEN }}{% endraw %}", "${{ secrets.TOKEN }}"),
        ("{% verbatim %}{{ x }}{% endverbatim %}", "{{ x }}"),
        ("{% set x = values.name %}${{ x }}", "checkout"),
        ("a{# gone #}b", "ab"),
        ("${{ { k: values.name } | dump }}", '{"k":"checkout"}'),
        ("${{ values.repoUrl | parseRepoUrl | pick('owner') }}", "acme"),
        ("${{ (values.owner | parseEntityRef).name }}", "payments"),
        ("${{ values.repoUrl | projectSlug }}", "acme/shop"),
        ("${{ values.name.toUpperCase() }} ${{ values.owner.split('/')[1] }}", "CHECKOUT payments"),
        ("${{ values.tags.length }}", "2"),
        ("${{ values.missing or 'other' }} ${{ values.nothing | default('none') }}", "other none"),
        ("${{ 'a' if values.public }}${{ 'b' if values.nothing }}", "a"),
        ("${{ values.hostile }}", "${{ 7 * 7 }} {% raw %} {{ x }}"),
        ("${{ values.port + 1 }}", "8081"),
        ("line\r\nend", "line\r\nend"),
        ("{% if values.public\r\n%}\r\nyes\r{% endif %}", "\r\nyes\r"),
        ("no newline", "no newline"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_file_is_rendered_as_nunjucks_renders_it(tmp_path, text, result):
    folder = write(tmp_path / "demo", {"a": text})
    if result is None:
        with pytest.raises(TemplateError, match="demo/a, line 1"):
            render(folder)
    else:
        assert render(folder) == {"a": result.encode()}


def test_paths_are_rendered_and_empty_parts_leave_files_out(tmp_path):
    folder = write(
        tmp_path / "demo",
        {
            "src/${{ values.name }}/${{ values.port }}.txt": "x",
            "{% if values.public %}public{% endif %}/a": "a",
            "{% if values.nothing %}private{% endif %}/a": "a",
            "x/{% if values.nothing %}y{% endif %}/a": "a",
            "{% if values.nothing %}file{% endif %}": "a",
            "{{cookiecutter.name}}/keep": "k",
            ".hidden/.env": "h",
        },
    )
    assert list(render(folder)) == [
        ".hidden/.env", "public/a", "src/checkout/8080.txt", "{{cookiecutter.name}}/keep",
    ]  # fmt: skip


def test_binary_files_executable_bits_and_links(tmp_path):
    binary = b"\x89PNG\r\n\x1a\n\x00${{ values.name }}\x00"
    folder = write(tmp_path / "demo", {"logo.png": binary, "run.sh": "${{ values.name }}"})
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    job = LayerJob(folder, VALUES, kind=LayerKind.SKELETON)
    files = render_layers([job])[0].tree.files
    assert files["logo.png"].content == binary
    assert files["run.sh"].executable
    assert files["link"].content == b"checkout"


NAME = "${{ values.name }}"
RENDERED = {"checkout": b"checkout", "raw/checkout": b"checkout", "t.njk": b"checkout"}


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ({}, RENDERED),
        ({"copyWithoutTemplating": ["raw"]}, RENDERED | {"raw/checkout": NAME.encode()}),
        (
            {"copyWithoutRender": ["raw/*"]},
            {"checkout": b"checkout", f"raw/{NAME}": NAME.encode(), "t.njk": b"checkout"},
        ),
        (
            {"templateFileExtension": True},
            {"checkout": NAME.encode(), "raw/checkout": NAME.encode(), "t": b"checkout"},
        ),
        (
            {"templateFileExtension": "njk"},
            {"checkout": NAME.encode(), "raw/checkout": NAME.encode(), "t": b"checkout"},
        ),
    ],
)
def test_the_options_of_fetch_template(tmp_path, options, files):
    folder = write(tmp_path / "demo", {NAME: NAME, f"raw/{NAME}": NAME, "t.njk": NAME})
    assert render(folder, **options) == files


def test_trim_and_lstrip(tmp_path):
    folder = write(tmp_path / "demo", {"a": "  {% if true %}\nx\n  {% endif %}\n"})
    assert render(folder) == {"a": b"  \nx\n  \n"}
    assert render(folder, trimBlocks=True, lstripBlocks=True) == {"a": b"x\n"}


def test_cookiecutter_names_and_filters(tmp_path):
    folder = write(
        tmp_path / "demo",
        {"a": "{{ cookiecutter.name }} {{ cookiecutter.tags | jsonify }} ${{ x }}"},
    )
    assert render(folder, cookiecutterCompat=True)["a"].startswith(b'checkout [\n    "a"')


@pytest.mark.parametrize(
    ("files", "error", "sentence"),
    [
        ({"a/b.txt": "one\n${{ values.name | nope }}"}, TemplateError,
         "demo/a/b.txt, line 2: No filter named 'nope'."),
        ({"a": "{% if x %}"}, TemplateError, "demo/a, line 1: Unexpected end of template"),
        ({"a": "{% include 'b' %}"}, TemplateError, "demo/a, line 1: "),
        ({"a": "${{ values.name.__class__.__mro__ }}"}, UnsafeTemplate, "demo/a, line 1: "),
        ({"a": "${{ ''.__class__.__base__.__subclasses__() }}"}, UnsafeTemplate, "demo/a, line 1"),
        ({"${{ '..' }}/a": "x"}, UnsafeTemplate, "becomes '../a', which has the part '..'"),
        ({"${{ '.git' }}/a": "x"}, UnsafeTemplate, "becomes '.git/a', which has the part '.git'"),
        ({"a": b"caf\xe9 au lait, s'il vous pla\xeet\n" * 20}, TemplateError, "demo/a: is neither UTF-8"),
    ],
)  # fmt: skip
def test_what_cannot_be_rendered_names_its_place(tmp_path, files, error, sentence):
    with pytest.raises(error) as refused:
        render(write(tmp_path / "demo", files))
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999999) %}{% for b in range(99999999) %}x{% endfor %}{% endfor %}",
        "${{ 'x' * 99999999999 }}",
        "{% for a in range(99999) %}${{ values.name | indent(100) }}{% endfor %}",
    ],
)
def test_a_file_without_end_is_stopped(tmp_path, text):
    limits = Limits(wall_seconds=60, cpu_seconds=3, memory_bytes=256 * 1024 * 1024, file_bytes=1000)
    with pytest.raises((LimitExceeded, TemplateError, UnsafeTemplate)):
        render(write(tmp_path / "demo", {"a": text}), limits=limits)


def test_a_plain_folder_is_copied_as_it_is(tmp_path):
    folder = write(tmp_path / "demo", {"${{ values.name }}.txt": "${{ values.name }}", "b": b"\0"})
    (folder / "b").chmod(0o755)
    (folder / "link").symlink_to("b")
    job = LayerJob(folder, VALUES, "demo", kind=LayerKind.PLAIN)
    tree = render_layers([job])[0].tree
    assert tree.contents() == {
        "${{ values.name }}.txt": b"${{ values.name }}",
        "b": b"\0",
        "link": b"\0",
    }
    assert tree.files["b"].executable
    with pytest.raises(LimitExceeded, match="demo: holds more than a run may write"):
        render_layers([job], limits=Limits(files=2))


def test_line_ends_that_cannot_be_kept_are_told(tmp_path):
    private = "".join(map(chr, range(0xE000, 0xF900)))
    folder = write(tmp_path / "demo", {"a": f"{'Some text' * 200}\r\n{private}"})
    with pytest.raises(TemplateError) as caught:
        render(folder)
    assert caught.value.message == (
        "demo/a, line 1: holds every private character, so that its line ends cannot be kept"
    )
