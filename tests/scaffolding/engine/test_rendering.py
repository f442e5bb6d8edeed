"""Hostile answers and hostile templates against the rendering child; each is refused or comes out as data."""

from __future__ import annotations

import json
import tempfile
import time

import pytest

from flagstone.scaffolding.engine import rendering
from flagstone.scaffolding.engine.jobs import LayerJob, Limits
from flagstone.scaffolding.engine.rendering import render_layer, render_layers
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree
from flagstone.scaffolding.errors import (
    LimitExceeded,
    RendererKilled,
    TemplateError,
    UnsafeTemplate,
)
from tests.scaffolding.building import TOP, write_layer


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A place for run folders that can be seen to be empty afterwards."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_layer_becomes_a_tree_without_its_top_folder(tmp_path, scratch):
    layer = write_layer(
        tmp_path / "layer",
        {
            "README.md": "# {{ cookiecutter.name }}\n",
            "src/{{cookiecutter.module}}/run.sh": "#!/bin/sh\n",
            "logo.png": b"\x89PNG\r\n\x1a\n{{ cookiecutter.name }}\x00",
            "empty.txt": "",
        },
        {"module": "{{ cookiecutter.name | replace('-', '_') }}"},
    )
    (layer / TOP / "src/{{cookiecutter.module}}/run.sh").chmod(0o755)
    tree = render_layer(layer, {"name": "funds-transfer"})
    assert tree == RenderedTree(
        {
            "README.md": RenderedFile(b"# funds-transfer\n"),
            "empty.txt": RenderedFile(b""),
            "logo.png": RenderedFile(b"\x89PNG\r\n\x1a\n{{ cookiecutter.name }}\x00"),
            "src/funds_transfer/run.sh": RenderedFile(b"#!/bin/sh\n", executable=True),
        }
    )
    assert list(scratch.iterdir()) == []


def test_layers_share_one_child_and_keep_their_order(tmp_path):
    one = write_layer(tmp_path / "one", {"a": "{{ cookiecutter.name }}"})
    two = write_layer(
        tmp_path / "two",
        {"a": "{{ cookiecutter.name }} {{ cookiecutter.more }}"},
        {"more": "{{ cookiecutter.name }}!"},
    )
    rendered = render_layers([LayerJob(one, {"name": "x-one"}), LayerJob(two, {"name": "x-two"})])
    assert [layer.tree.contents() for layer in rendered] == [
        {"a": b"x-one"},
        {"a": b"x-two x-two!"},
    ]
    assert rendered[1].variables["more"] == "x-two!"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7*7 }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for x in range(9) %}x{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{# gone? #}",
        "{{ cookiecutter.name }}",
        "}}{{",
        "${{ parameters.name }}",
        "'; DROP TABLE services; --",
        "$(touch /tmp/owned) `id`",
        "\\{\\{ \\n \\",
        "line one\nline two\n",
        "ünï©ödé 漢字 🎉",
    ],
)
def test_an_answer_comes_out_as_those_very_characters(tmp_path, text):
    layer = write_layer(
        tmp_path / "layer",
        {"a": "{{ cookiecutter.text }}|{{ cookiecutter.derived }}|{{ cookiecutter.deep.text }}"},
        {"text": "", "derived": "{{ cookiecutter.text }}", "deep": {"text": ""}},
    )
    tree = render_layer(layer, {"text": text, "deep": {"text": text}})
    assert tree.contents() == {"a": f"{text}|{text}|{text}".encode()}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../escape", "becomes '../escape', which has the part '..'"),
        (
            "../../etc/cron.d/x",
            "becomes '../../etc/cron.d/x', which has the part '..'",
        ),
        ("/etc/cron.d/x", "becomes '/etc/cron.d/x', which is absolute"),
        (
            "{{ 7*7 }}",
            "becomes '{{ 7*7 }}', which holds template marks, which would be rendered a second time",
        ),
        ("a\nb", "becomes 'a\\nb', which must be one line"),
        (".git", "becomes '.git', which has the part '.git'"),
        ("a/b", "becomes 'a/b', which is not one folder"),
        ("", "becomes '', which is not one folder"),
    ],
)
def test_an_answer_that_would_become_a_bad_path(tmp_path, scratch, name, reason):
    layer = write_layer(tmp_path / "layer", {"a": "x"})
    with pytest.raises(UnsafeTemplate) as caught:
        render_layer(layer, {"name": name})
    assert caught.value.message == f"layer/{TOP}: {reason}"
    assert list(scratch.iterdir()) == []


def test_a_nested_path_is_held_to_the_same_rule(tmp_path):
    layer = write_layer(
        tmp_path / "layer", {"src/{{cookiecutter.module}}/a.py": "x"}, {"module": "m"}
    )
    with pytest.raises(UnsafeTemplate) as caught:
        render_layer(layer, {"module": "{{ 7*7 }}"})
    assert caught.value.message == (
        f"layer/{TOP}/src/{{{{cookiecutter.module}}}}: becomes 'src/{{{{ 7*7 }}}}', "
        "which holds template marks, which would be rendered a second time"
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"b/c.txt": "one\n{{ cookiecutter.nmae }}\n"},
            "b/c.txt, line 2: 'dict object' has no attribute 'nmae'",
        ),
        ({"c.txt": "one\ntwo\n{{ 1 / 0 }}\n"}, "c.txt, line 3: division by zero"),
        (
            {"c.txt": "one\n{% if %}\n"},
            "c.txt, line 2: Expected an expression, got 'end of statement block'",
        ),
        (
            {"c.txt": "{% if 1 %}\n"},
            (
                "c.txt, line 1: Unexpected end of template. Jinja was looking for the following tags: "
                "'elif' or 'else' or 'endif'. The innermost block that needs to be closed is 'if'."
            ),
        ),
        (
            {"c.txt": "{% include 'gone.txt' %}"},
            "c.txt, line 1: includes 'gone.txt', which is not there",
        ),
        ({"c.txt": "\n{{ 'x' | nofilter }}"}, "c.txt, line 2: No filter named 'nofilter'."),
        (
            {"{{cookiecutter.gone}}.txt": "x"},
            "{{cookiecutter.gone}}.txt: has a path that cannot be rendered: 'dict object' has no attribute 'gone'",
        ),
        (
            {"c.txt": "{{ cookiecutter.name.missing.deeper }}"},
            "c.txt, line 1: 'str object' has no attribute 'missing'",
        ),
        (
            {"one/a": "x", "{{ 'one' }}/b": "x"},
            "{{ 'one' }}: gives two folders the same name, or a folder an empty one",
        ),
        (
            {"{% if false %}x{% endif %}/a": "x"},
            "{% if false %}x{% endif %}/a: becomes '/a', which is absolute",
        ),
    ],
)
def test_a_template_that_fails_in_the_middle_names_file_line_and_reason(
    tmp_path, scratch, files, message
):
    layer = write_layer(tmp_path / "layer", {"a.txt": "fine {{ cookiecutter.name }}", **files})
    with pytest.raises(TemplateError) as caught:
        render_layer(layer, {})
    assert caught.value.message == f"layer/{TOP}/{message}"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '{"name": "x",\n "y": }',
            "layer/cookiecutter.json, line 2: is not valid JSON: Expecting value",
        ),
        (
            '{"name": "x", "_extensions": ["os.path"]}',
            "layer/cookiecutter.json: asks for the extension 'os.path', which is code of its own;",
        ),
        (
            '{"name": "x", "_extensions": ["local_extensions.Evil"]}',
            "layer/cookiecutter.json: asks for the extension 'local_extensions.Evil'",
        ),
        (
            '{"name": "x", "_jinja2_env_vars": {"finalize": "x"}}',
            "layer/cookiecutter.json: sets the Jinja option 'finalize', which a template may not set",
        ),
        (
            '{"name": "x", "a": "{{ cookiecutter.b }}"}',
            "layer/cookiecutter.json: 'a' has a default that cannot be rendered",
        ),
    ],
)
def test_a_bad_cookiecutter_json(tmp_path, content, message):
    layer = write_layer(tmp_path / "layer", {"a": "x"})
    (layer / "cookiecutter.json").write_text(content)
    with pytest.raises(TemplateError) as caught:
        render_layer(layer, {})
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    "code",
    [
        "{{ ''.__class__ }}",
        "{{ cookiecutter.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__['os'] }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ ('%c' | format(95)) and cookiecutter['__class__'].mro() }}",
        "{{ cookiecutter | attr('__class__') }}",
        "{{ '{0.__class__}'.format(cookiecutter) }}",
        "{% set x = range(10).__class__ %}{{ x }}",
    ],
)
def test_a_template_cannot_reach_pythons_insides(tmp_path, code):
    layer = write_layer(tmp_path / "layer", {"a": code})
    with pytest.raises(TemplateError) as caught:
        render_layer(layer, {})
    assert caught.value.file == f"layer/{TOP}/a"


def test_a_template_cannot_read_what_is_not_its_own(tmp_path):
    (tmp_path / "secret.txt").write_text("hunter2")
    for source in ("../../secret.txt", "/etc/passwd", "../../../../etc/passwd"):
        layer = write_layer(tmp_path / f"l{len(source)}", {"a": f"{{% include '{source}' %}}"})
        with pytest.raises(TemplateError, match="which is not there"):
            render_layer(layer, {})


def test_a_link_out_of_the_template_is_not_followed(tmp_path):
    (tmp_path / "secret.txt").write_text("hunter2")
    layer = write_layer(tmp_path / "layer", {})
    (layer / TOP / "a").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(UnsafeTemplate) as caught:
        render_layer(layer, {})
    assert caught.value.message == (
        f"layer/{TOP}/a: tried to read {tmp_path}/secret.txt, which is not its own"
    )


def test_a_linked_folder_out_of_the_template_is_not_copied(tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret.txt").write_text("hunter2")
    layer = write_layer(tmp_path / "layer", {}, {"_copy_without_render": ["linked"]})
    (layer / TOP / "linked").symlink_to(tmp_path / "private")
    with pytest.raises(UnsafeTemplate, match="which is not its own"):
        render_layer(layer, {})


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("{{ '\\x2e\\x2e\\x2fescape' }}", "'../escape', which has the part"),
        ("{{ '\\x2fetc\\x2fescape' }}", "'/etc/escape', which is absolute"),
        ("{{ cookiecutter.up }}escape", "'../../escape', which has"),
    ],
)
def test_a_template_whose_own_paths_lead_out(tmp_path, name, becomes):
    layer = write_layer(tmp_path / "layer", {name: "x"}, {"up": "{{ '../' * 2 }}"})
    with pytest.raises(UnsafeTemplate) as caught:
        render_layer(layer, {})
    assert f"becomes {becomes}" in caught.value.message
    assert not list(tmp_path.rglob("escape"))


def test_hooks_are_never_run(tmp_path):
    layer = write_layer(tmp_path / "layer", {"a": "x"})
    (layer / "hooks").mkdir()
    for hook in ("pre_prompt.py", "pre_gen_project.py", "post_gen_project.sh"):
        (layer / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/owned\n")
        (layer / "hooks" / hook).chmod(0o755)
    assert render_layer(layer, {}).contents() == {"a": b"x"}
    assert not (tmp_path / "owned").exists()


SMALL = Limits(
    wall_seconds=60,
    cpu_seconds=1,
    file_bytes=1_000_000,
    total_bytes=2 * 1024 * 1024,
    files=20,
    memory_bytes=256 * 1024 * 1024,
)
LOOP = "".join("{% for x in range(99999) %}" for _ in range(3)) + "{% endfor %}" * 3


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a": LOOP}, "computes longer than 1 seconds"),
        ({"{{cookiecutter.name}}" + str(n): "x" for n in range(30)}, "writes more than 20 files"),
        ({"a": "{{ 'x' * 2000000 }}"}, "writes a file larger than a run may write"),
        ({"a": "{{ 'x' * 1000000000 }}"}, "needs more memory than a run may have"),
        ({"a": "{{ 'x' * 10 ** 12 }}"}, "needs more memory than a run may have"),
        ({f"a{n}": "{{ 'x' * 900000 }}" for n in range(5)}, "writes more than 2 MB"),
        ({"a": "{{ '%999999999d' % 1 }}"}, "needs more memory than a run may have"),
    ],
)
def test_a_greedy_template_is_stopped_with_its_reason(tmp_path, scratch, files, reason):
    layer = write_layer(tmp_path / "layer", files)
    started = time.monotonic()
    with pytest.raises(LimitExceeded) as caught:
        render_layer(layer, {}, limits=SMALL)
    assert caught.value.reason == reason
    assert time.monotonic() - started < 120
    assert list(scratch.iterdir()) == []


def test_a_slow_template_is_stopped_by_the_clock(tmp_path, scratch):
    layer = write_layer(tmp_path / "layer", {"a": LOOP})
    with pytest.raises(LimitExceeded) as caught:
        render_layer(layer, {}, limits=Limits(wall_seconds=1, cpu_seconds=20))
    assert caught.value.message == "layer: takes longer than 1 seconds"
    assert list(scratch.iterdir()) == []


def test_the_next_run_is_healthy_after_a_greedy_one(tmp_path):
    greedy = write_layer(tmp_path / "greedy", {"a": LOOP})
    with pytest.raises(LimitExceeded):
        render_layer(greedy, {}, limits=SMALL)
    assert render_layer(write_layer(tmp_path / "good", {"a": "x"}), {}).contents() == {"a": b"x"}


def test_variables_without_end_are_refused(tmp_path):
    layer = write_layer(tmp_path / "layer", {"a": "x"}, {"big": "{{ 'a' * 100000000 }}"})
    with pytest.raises(LimitExceeded) as caught:
        render_layer(layer, {})
    assert caught.value.message == "layer: has variables that come to more than 2 MB"


def test_a_variable_that_cannot_be_kept_is_refused(tmp_path):
    layer = write_layer(tmp_path / "layer", {"a": "x"}, {"odd": "{{ '\\x00' }}"})
    with pytest.raises(TemplateError) as caught:
        render_layer(layer, {})
    assert caught.value.message == (
        "layer: the variable 'odd' comes out so that it holds the character NUL, which no text may have"
    )


def test_a_child_that_the_system_ends_is_no_fault_of_the_template(tmp_path, monkeypatch):
    layer = write_layer(tmp_path / "layer", {"a": "x"})
    killed = (
        "-c",
        "import os, signal, sys; sys.stdin.read(); os.kill(os.getpid(), signal.SIGKILL)",
    )
    monkeypatch.setattr(rendering, "CHILD", killed)
    with pytest.raises(RendererKilled) as caught:
        render_layer(layer, {})
    assert caught.value.message == (
        "Rendering layer was ended by the system, probably for want of memory; try again in a moment."
    )
    assert caught.value.retryable


def test_a_child_sees_neither_the_environment_nor_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / ".cookiecutterrc").write_text("default_context:\n  name: from-home\n")
    layer = write_layer(tmp_path / "layer", {"a": "{{ cookiecutter.name }}"})
    assert render_layer(layer, {}).contents() == {"a": b"checkout"}
    assert [path.name for path in home.iterdir()] == [".cookiecutterrc"]


def test_text_that_is_not_utf_8(tmp_path):
    layer = write_layer(tmp_path / "layer", {"a.txt": "caf\u00e9 latin".encode("latin-1") * 3})
    with pytest.raises(TemplateError) as caught:
        render_layer(layer, {})
    assert caught.value.message == (
        f"layer/{TOP}/a.txt: is neither UTF-8 text nor recognised as binary"
    )


def test_a_folder_that_is_no_template(tmp_path):
    layer = tmp_path / "layer"
    (layer / "plain").mkdir(parents=True)
    (layer / "cookiecutter.json").write_text(json.dumps({"name": "x"}))
    with pytest.raises(TemplateError) as caught:
        render_layer(layer, {})
    assert caught.value.message == (
        "layer: has no folder named after a variable, such as {{cookiecutter.name}}"
    )


def test_trees_are_laid_over_each_other():
    below = RenderedTree({"a": RenderedFile(b"1"), "b": RenderedFile(b"1")})
    above = RenderedTree({"b": RenderedFile(b"2"), "A": RenderedFile(b"2")})
    laid = below.overlaid(above)
    assert laid.contents() == {"A": b"2", "a": b"1", "b": b"2"}
    assert list(laid.files) == ["A", "a", "b"]


@pytest.mark.parametrize(
    ("path", "part"),
    [(".git/hooks/post-checkout", ".git"), ("a/.Git", ".Git"), ("git~1/config", "git~1")],
)
def test_a_template_writes_nothing_of_gits_own(tmp_path, path, part):
    layer = write_layer(tmp_path / "layer", {"README.md": "x", path: "#!/bin/sh\n"})
    with pytest.raises(UnsafeTemplate) as caught:
        render_layer(layer, {})
    assert caught.value.message == (
        f"layer: writes a file whose name has the part '{part}': '{path}'"
    )


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        ((".git/config",), "'.git/config', which has the part '.git'"),
        (("/etc/x",), "'/etc/x', which has an empty part"),
        (("../x",), "'../x', which has the part '..'"),
        (("a", "a/b"), "'a/b', although 'a' is a file"),
    ],
)
def test_a_tree_with_a_path_that_may_not_be_is_not_written_at_all(tmp_path, paths, fault):
    tree = RenderedTree({path: RenderedFile(b"x") for path in ("README.md", *paths)})
    with pytest.raises(UnsafeTemplate) as caught:
        tree.write_into(tmp_path / "out")
    assert caught.value.message == f"would write {fault}"
    assert not (tmp_path / "out").exists()
