from __future__ import annotations

from django.template import Context, Template

from flagstone.web.templatetags.trees import Folder, TreeFile, grow


def files(*paths: str) -> list[TreeFile]:
    return [TreeFile(path, f"?file={path}", status="added") for path in paths]


def outline(folder: Folder) -> list[object]:
    return [
        *({child.name: outline(child)} for child in folder.folders),
        *(file.name for file in folder.files),
    ]


def test_folders_come_first_and_both_are_in_order() -> None:
    grown = grow(files("b.txt", "app/main.py", "a.txt", "app/api/x.py", "tests/t.py"))
    assert outline(grown) == [
        {"app": [{"api": ["x.py"]}, "main.py"]},
        {"tests": ["t.py"]},
        "a.txt",
        "b.txt",
    ]


def test_a_folder_with_nothing_but_a_folder_shares_its_line() -> None:
    grown = grow(files("services/refunds/rollout.yaml", "services/refunds/tests/slo.yaml"))
    assert outline(grown) == [{"services/refunds": [{"tests": ["slo.yaml"]}, "rollout.yaml"]}]


def test_a_name_that_begins_like_a_folder_is_no_part_of_it() -> None:
    grown = grow(files("app-extra/a", "app/b", "app.yaml"))
    assert outline(grown) == [{"app-extra": ["a"]}, {"app": ["b"]}, "app.yaml"]


def test_the_file_that_is_shown_is_marked_and_hostile_names_are_text() -> None:
    html = Template("{% load trees %}{% tree files current='a<b>.yaml' %}").render(
        Context({"files": files("a<b>.yaml", "c.yaml")})
    )
    assert html.count('aria-current="true"') == 1
    assert "a<b>" not in html
    assert "a&lt;b&gt;.yaml" in html


def test_hidden_characters_of_names_are_written_out() -> None:
    assert outline(grow(files("a\u202e/b\n.yaml"))) == [{"a⟨U+202E⟩": ["b⟨U+000A⟩.yaml"]}]
    html = Template("{% load trees %}{% tree files %}").render(
        Context({"files": [TreeFile("a\u202e/b.yaml", "?file=1")]})
    )
    assert "\u202e" not in html
    assert 'title="a⟨U+202E⟩/b.yaml"' in html
