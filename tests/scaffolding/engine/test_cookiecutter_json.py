from __future__ import annotations

import json

import pytest

from flagstone.scaffolding.engine.cookiecutter_json import cookiecutters_in, declared_in
from flagstone.scaffolding.errors import TemplateError, UnsafeTemplate


def write_json(folder, document):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cookiecutter.json").write_text(json.dumps(document))


def test_the_keys_keep_the_order_of_the_file(tmp_path):
    write_json(tmp_path, {"b": 1, "a": None, "_private": []})
    assert list(declared_in(tmp_path, "demo").items()) == [("b", 1), ("a", None), ("_private", [])]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{\n "a": 1,\n}', "demo/cookiecutter.json, line 3: is not valid JSON"),
        (b"[1]", "demo/cookiecutter.json: must be a JSON object"),
        (b'{"a": "\xff"}', "demo/cookiecutter.json: is not UTF-8 text"),
        (b"[" * 200_000, "demo/cookiecutter.json: is nested too deeply"),
        (
            b'{"a": ' + b'{"b":' * 150 + b"1" + b"}" * 150 + b"}",
            "demo/cookiecutter.json: 'a' is nested deeper than 20",
        ),
        (
            rb'{"a": "x\u0000y"}',
            "demo/cookiecutter.json: 'a' holds the character NUL, which no text may have",
        ),
        (
            rb'{"a\u0000b": 1}',
            r"demo/cookiecutter.json: 'a\x00b' holds the character NUL, which no text may have",
        ),
        (
            rb'{"a": ["\ud800"]}',
            "demo/cookiecutter.json: 'a' holds half of a character (a lone surrogate)",
        ),
        (
            b'{"_a": {"b": NaN}}',
            "demo/cookiecutter.json: '_a' holds a number that JSON does not have (NaN or infinity)",
        ),
        (
            b'{"a": ' + b"9" * 5000 + b"}",
            "demo/cookiecutter.json: holds a number of more digits than can be read",
        ),
        (b" " * 1_100_000, "demo/cookiecutter.json: is larger than 1024 KB"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path, content, sentence):
    (tmp_path / "cookiecutter.json").write_bytes(content)
    with pytest.raises(TemplateError) as refused:
        declared_in(tmp_path, "demo")
    assert str(refused.value).startswith(sentence)


def test_a_folder_without_the_file_is_no_template(tmp_path):
    with pytest.raises(TemplateError, match="demo: is not a cookiecutter template"):
        declared_in(tmp_path, "demo")


def test_a_repository_without_nested_templates_is_the_template(tmp_path):
    write_json(tmp_path, {"name": "x"})
    (found,) = cookiecutters_in(tmp_path, "demo")
    assert (found.keys, found.folder, found.title) == ((), tmp_path, "")


def test_nested_templates_are_found_at_any_depth(tmp_path):
    write_json(
        tmp_path,
        {
            "templates": {
                "package": {"path": "./package", "title": "A package", "description": "For PyPI"},
                "more": {"path": "more", "title": "More", "description": "More"},
            }
        },
    )
    write_json(tmp_path / "package", {"name": "x"})
    write_json(tmp_path / "more", {"template": ["Tool (tool)", "Site (web/site)"]})
    write_json(tmp_path / "more" / "tool", {"name": "x"})
    write_json(tmp_path / "more" / "web" / "site", {"name": "x"})
    found = {
        each.keys: (each.title, each.description, each.folder.relative_to(tmp_path).as_posix())
        for each in cookiecutters_in(tmp_path, "demo")
    }
    assert found == {
        ("package",): ("A package", "For PyPI", "package"),
        ("more", "tool"): ("More: Tool", "", "more/tool"),
        ("more", "web/site"): ("More: Site", "", "more/web/site"),
    }


@pytest.mark.parametrize(
    ("declared", "error", "sentence"),
    [
        ({"templates": {"a": {"path": "../.."}}}, UnsafeTemplate, "'a' lies outside"),
        ({"templates": {"a": {"path": "/etc"}}}, UnsafeTemplate, "'a' lies outside"),
        ({"templates": {"a": {"path": "link"}}}, UnsafeTemplate, "'a' lies outside"),
        ({"templates": {"a": {"path": "."}}}, TemplateError, "names a folder that is not there"),
        ({"templates": {"a": {"path": "gone"}}}, TemplateError, "names a folder that is not there"),
        ({"templates": {"a": {}}}, TemplateError, "the template 'a' has no path"),
        ({"templates": ["a"]}, TemplateError, "must be an object"),
        ({"template": ["no path"]}, TemplateError, "names no path in brackets"),
        ({"templates": {"a": {"path": "empty"}}}, TemplateError, "demo/empty: is not a cookie"),
    ],
)
def test_a_nested_template_that_is_not_there_is_refused(tmp_path, declared, error, sentence):
    root = tmp_path / "root"
    write_json(root, declared)
    (root / "link").symlink_to(tmp_path)
    (root / "empty").mkdir()
    with pytest.raises(error) as refused:
        cookiecutters_in(root, "demo")
    assert sentence in str(refused.value)


def test_templates_that_nest_without_end_are_refused(tmp_path):
    folder = tmp_path
    for _ in range(8):
        write_json(folder, {"templates": {"a": {"path": "a"}}})
        folder = folder / "a"
    folder.mkdir(exist_ok=True)
    with pytest.raises(TemplateError, match="nests templates deeper than 5"):
        cookiecutters_in(tmp_path, "demo")


def test_templates_that_nest_each_other_are_refused(tmp_path):
    write_json(tmp_path, {"templates": {"a": {"path": "a"}}})
    write_json(tmp_path / "a", {"templates": {"b": {"path": "../b"}}})
    write_json(tmp_path / "b", {"templates": {"a": {"path": "../a"}}})
    with pytest.raises(TemplateError, match="nests templates deeper than 5"):
        cookiecutters_in(tmp_path, "demo")
