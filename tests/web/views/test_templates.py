"""Templates of others: who may see them, registering one, reading its code, deciding on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.core.content import content_dir
from flagstone.scaffolding.engine.archives import pack_folder
from flagstone.scaffolding.engine.layers import digest_of
from flagstone.scaffolding.models import TemplateSource, TemplateState
from tests.scaffolding.building import write_layer

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture(autouse=True)
def _no_broker(no_broker: list[str]) -> None:
    """No test here needs a worker."""


@pytest.fixture
def platform(client: Client, admin_user: Any) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def source(tmp_path: Path, settings: Any, admin_user: Any) -> TemplateSource:
    settings.FLAGSTONE_HOME = tmp_path / "home"
    folder = write_layer(
        tmp_path / "demo",
        {"a": "x"},
        {"slug": "{{ cookiecutter.name | lower }}_x", "db": {"host": "{{ cookiecutter.slug }}"}},
    )
    (folder / "hooks").mkdir()
    (folder / "hooks" / "post_gen_project.py").write_text(f"print('{HOSTILE}')\n")
    return TemplateSource.objects.create(
        scaffold_id="demo",
        title="A demo",
        url="https://github.com/acme/demo",
        state=TemplateState.READY,
        commit="c" * 40,
        digest=digest_of(folder, "demo"),
        content=pack_folder(folder, "demo"),
        registered_by=admin_user,
    )


def page_of(response: Any) -> str:
    return response.content.decode()


@pytest.mark.parametrize("address", ["/templates", "/templates/demo"])
def test_only_the_platform_team_sees_them(signed_in: Client, source: Any, address: str) -> None:
    assert signed_in.get(address).status_code == 403
    assert "Templates" not in page_of(signed_in.get("/new"))


@pytest.mark.parametrize("act", ["fetch", "code", "remove"])
def test_only_the_platform_team_decides(signed_in: Client, source: Any, act: str) -> None:
    assert signed_in.post(f"/templates/demo/{act}", {"commit": "c" * 40}).status_code == 403
    source.refresh_from_db()
    assert (source.state, source.code_commit) == ("ready", "")


def test_a_template_is_registered(platform: Client) -> None:
    answer = platform.post("/templates", {"url": "gh:acme/Service_Template", "ref": "v1"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/templates/service-template"
    page = page_of(platform.get("/templates/service-template"))
    assert "https://github.com/acme/Service_Template" in page
    assert "being fetched" in page
    assert 'hx-trigger="every 2s"' in page
    part = page_of(platform.get("/templates/service-template", headers={"HX-Request": "true"}))
    assert "<html" not in part


@pytest.mark.parametrize(
    ("url", "status", "sentence"),
    [
        ("", 422, "Give the address of the git repository."),
        ("https://evil.example/a/b", 400, "Templates are not fetched from https://evil.example."),
        ("https://me:secret@github.com/a/b", 400, "The address holds a name or a password."),
        (f"https://github.com/{HOSTILE}", 400, "names no repository"),
    ],
)
def test_what_cannot_be_registered_stands_at_the_form(
    platform: Client, url: str, status: int, sentence: str
) -> None:
    answer = platform.post("/templates", {"url": url})
    assert answer.status_code == status
    assert sentence in page_of(answer)
    assert "<script>alert" not in page_of(answer)
    assert TemplateSource.objects.count() == 0


def test_its_code_is_shown_as_text_and_let_for_the_commit_that_was_read(
    platform: Client, source: TemplateSource
) -> None:
    page = page_of(platform.get("/templates/demo"))
    assert "hooks/post_gen_project.py" in page
    assert "<script>alert" not in page
    assert "alert" in page
    answer = platform.post("/templates/demo/code", {"commit": "d" * 40}, follow=True)
    assert "Look at its code again" in page_of(answer)
    answer = platform.post("/templates/demo/code", {"commit": "c" * 40}, follow=True)
    assert "runs its code at cccccccccc, locked in." in page_of(answer)
    source.refresh_from_db()
    assert source.runs_code
    answer = platform.post("/templates/demo/code", follow=True)
    assert "runs no code of its own any more." in page_of(answer)


def test_it_is_fetched_again_from_another_ref_and_removed(
    platform: Client, source: TemplateSource
) -> None:
    answer = platform.post("/templates/demo/fetch", {"ref": "v2"}, follow=True)
    assert "is being fetched again." in page_of(answer)
    source.refresh_from_db()
    assert (source.state, source.ref) == ("waiting", "v2")
    assert platform.post("/templates/demo/fetch", {"ref": "x" * 201}).status_code == 400
    answer = platform.post("/templates/demo/remove", follow=True)
    assert "What was made from it stays as it is." in page_of(answer)
    assert platform.get("/templates/demo").status_code == 404


def test_a_template_whose_id_an_own_scaffold_has_says_so(
    platform: Client, source: TemplateSource, settings: Any
) -> None:
    settings.FLAGSTONE_SCAFFOLDS_DIR = content_dir("scaffolds")
    TemplateSource.objects.update(scaffold_id="python-api")
    page = page_of(platform.get("/templates/python-api"))
    assert "An own scaffold has the id python-api" in page


def test_the_form_says_that_its_code_does_not_run(
    signed_in: Client, source: TemplateSource, gitops: Any
) -> None:
    page = page_of(signed_in.get("/new/demo"))
    assert "brings code of its own that does not run here" in page
    assert "hooks/post_gen_project.py" in page
    TemplateSource.objects.update(code_commit="c" * 40)
    assert "brings code of its own" not in page_of(signed_in.get("/new/demo"))


def test_derived_defaults_are_shown_live(signed_in: Client, source: TemplateSource) -> None:
    assert 'hx-post="/new/demo/defaults"' in page_of(signed_in.get("/new/demo"))
    part = page_of(signed_in.post("/new/demo/defaults", {"answer.name": "SHOP", "answer.slug": ""}))
    assert f'id="derived-{b"slug".hex()}"' in part
    assert "<code>shop_x</code>" in part
    assert "&quot;host&quot;: &quot;shop_x&quot;" in part
    part = page_of(signed_in.post("/new/demo/defaults", {"answer.name": HOSTILE}))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}_x" in part


def test_a_default_that_cannot_be_computed_says_why(
    signed_in: Client, source: TemplateSource, tmp_path: Path
) -> None:
    folder = write_layer(tmp_path / "bad", {"a": "x"}, {"slug": "{{ cookiecutter.missing }}"})
    TemplateSource.objects.update(
        digest=digest_of(folder, "demo"), content=pack_folder(folder, "demo")
    )
    part = page_of(signed_in.post("/new/demo/defaults"))
    assert "The template cannot compute its defaults" in part
    assert "&#x27;slug&#x27; has a default that cannot be rendered" in part


def test_a_viewer_gets_no_defaults(client: Client, stranger: Any, source: TemplateSource) -> None:
    client.force_login(stranger)
    assert client.post("/new/demo/defaults").status_code == 403


def test_it_is_asked_first_before_code_runs_and_before_it_is_removed(
    platform: Client, source: TemplateSource
) -> None:
    page = page_of(platform.get("/templates/demo"))
    for id_, action in (("ask-code", "code"), ("ask-remove", "remove")):
        assert page.count(f'popovertarget="{id_}">') == 1
        asked = page.partition(f'id="{id_}"')[2].partition("</form>")[0]
        assert f'action="/templates/demo/{action}"' in asked
        assert page.count(f'action="/templates/demo/{action}"') == 1
