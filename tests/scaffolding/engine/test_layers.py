from __future__ import annotations

import os

import pytest

from flagstone.scaffolding.engine import layers
from flagstone.scaffolding.engine.layers import read_layer
from flagstone.scaffolding.errors import LimitExceeded, TemplateError, UnsafeTemplate
from tests.scaffolding.building import TOP, write_layer


def test_a_layer_says_what_it_asks_for(tmp_path):
    layer = write_layer(
        tmp_path / "l", {"a": "x"}, {"size": ["s", "m"], "_private": 1, "__derived": "x"}
    )
    (layer / "hooks").mkdir()
    (layer / "hooks" / "post_gen_project.sh").write_text("id")
    (layer / "hooks" / "README.md").write_text("not a hook")
    found = read_layer(layer, label="x/l")
    assert (found.label, found.variables, found.hooks) == (
        "x/l",
        ("name", "size"),
        ("post_gen_project.sh",),
    )


def change_content(layer):
    (layer / TOP / "a").write_text("y")


def rename_file(layer):
    (layer / TOP / "a").rename(layer / TOP / "b")


def make_executable(layer):
    (layer / TOP / "a").chmod(0o755)


def change_variables(layer):
    (layer / "cookiecutter.json").write_text('{"name": "other"}')


def turn_link(layer):
    (layer / TOP / "link").unlink()
    (layer / TOP / "link").symlink_to("two")


@pytest.mark.parametrize(
    "change", [change_content, rename_file, make_executable, change_variables, turn_link]
)
def test_the_digest_follows_everything_that_is_rendered(tmp_path, change):
    layer = write_layer(tmp_path / "l", {"a": "x", "one/x": "1", "two/x": "2"})
    (layer / TOP / "link").symlink_to("one")
    before = read_layer(layer, label="l").digest
    assert read_layer(layer, label="l").digest == before
    change(layer)
    assert read_layer(layer, label="l").digest != before


def test_the_digest_does_not_follow_what_is_not_rendered(tmp_path):
    one = write_layer(tmp_path / "one", {"a": "x"})
    two = write_layer(tmp_path / "two", {"a": "x"})
    (two / ".git").mkdir()
    (two / ".git" / "HEAD").write_text("ref")
    (two / "__pycache__").mkdir()
    (two / "__pycache__" / "x.pyc").write_bytes(b"1")
    os.utime(two / TOP / "a", (1, 1))
    assert read_layer(one, label="l").digest == read_layer(two, label="other").digest


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "nowhere", "link"])
def test_a_link_that_leads_out_or_nowhere_is_refused(tmp_path, target):
    (tmp_path / "outside").write_text("x")
    layer = write_layer(tmp_path / "l", {"a": "x"})
    (layer / TOP / "link").symlink_to(target)
    with pytest.raises(UnsafeTemplate) as caught:
        read_layer(layer, label="l")
    assert caught.value.message == (
        f"l/{TOP}/link: is a link that leads out of the template, or nowhere"
    )


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    layer = write_layer(tmp_path / "l", {"a": "x"})
    os.mkfifo(layer / TOP / "pipe")
    with pytest.raises(UnsafeTemplate) as caught:
        read_layer(layer, label="l")
    assert caught.value.message == f"l/{TOP}/pipe: is not a plain file"


def test_a_layer_of_a_hundred_thousand_files_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(layers, "MAX_ENTRIES", 50)
    layer = write_layer(tmp_path / "l", {f"d/{n}": "x" for n in range(60)})
    with pytest.raises(LimitExceeded) as caught:
        read_layer(layer, label="l")
    assert caught.value.message == "l: holds more than 50 files and folders"


def test_a_layer_with_a_file_of_a_gigabyte_is_not_read(tmp_path):
    layer = write_layer(tmp_path / "l", {})
    with (layer / TOP / "big").open("wb") as file:
        file.truncate(1024**3)
    with pytest.raises(LimitExceeded) as caught:
        read_layer(layer, label="l")
    assert caught.value.message == "l: is larger than 64 MB"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"name": 1,\n}', "l/cookiecutter.json, line 2: is not valid JSON"),
        (b"[]", "l/cookiecutter.json: must be a JSON object"),
        (b"\xff", "l/cookiecutter.json: is not UTF-8 text"),
    ],
)
def test_a_bad_cookiecutter_json(tmp_path, content, message):
    layer = write_layer(tmp_path / "l", {})
    (layer / "cookiecutter.json").write_bytes(content)
    with pytest.raises(TemplateError) as caught:
        read_layer(layer, label="l")
    assert caught.value.message.startswith(message)


def test_a_folder_without_cookiecutter_json(tmp_path):
    with pytest.raises(TemplateError) as caught:
        read_layer(tmp_path, label="l")
    assert caught.value.message == "l: is not a cookiecutter template: it has no cookiecutter.json"


def test_a_file_name_that_is_not_utf_8_is_said_in_words(tmp_path):
    layer = write_layer(tmp_path / "l", {"a": "x"})
    (layer / os.fsdecode(b"caf\xe9")).write_text("x")
    with pytest.raises(TemplateError) as caught:
        read_layer(layer, label="x/l")
    assert caught.value.message == r"x/l: has a file whose name is not UTF-8: 'caf\udce9'"
