"""From provenance alone, with the scaffolds' folder gone: the very same trees."""

from __future__ import annotations

import json
import shutil

import pytest

from flagstone.forge import actions as forge_actions
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.engine.provenance import PATH
from flagstone.scaffolding.errors import TemplateError
from flagstone.scaffolding.keeping import base_of
from flagstone.scaffolding.models import LayerArchive, Provenance
from tests.forge.repositories import files_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(request_run, lead, scaffolds) -> Provenance:
    """A merged service whose template had chance, time and mappings in it."""
    settings = scaffolds / "tiny-api" / "service" / "cookiecutter.json"
    settings.write_text(
        settings.read_text().replace("{", '{"secret": "{{ random_ascii_string(12) }}",', 1)
    )
    readme = scaffolds / "tiny-api" / "service" / "{{cookiecutter.name}}" / "README.md"
    readme.write_text(
        readme.read_text()
        + """{{ cookiecutter.secret }} {{ random_ascii_string(9) }} {{ uuid4() }} {{ range(99999) | random }}
{% now 'utc', '%Y-%m-%d %H:%M:%S.%f' %} {{ cookiecutter._made }}
"""
    )
    (readme.parent / "PRIVATE").write_text(
        "{{ cookiecutter.__drawn }} {{ random_ascii_string(9) }}\n"
    )
    declared = json.loads(settings.read_text())
    declared |= {"_made": "x", "__drawn": "{{ random_ascii_string(9) }}"}
    settings.write_text(json.dumps(declared))
    run = request_run()
    pipeline.execute(run.pk)
    run.refresh_from_db()
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)
    pipeline.execute(run.pk)
    return Provenance.objects.get(entity_ref="component:default/checkout")


def as_git_has_it(tree) -> dict[str, str]:
    return {
        path: ("100755 " if file.executable else "") + file.content.decode()
        for path, file in tree.files.items()
    }


def test_the_base_is_what_was_written_byte_for_byte(made, scaffolds, root) -> None:
    shutil.rmtree(scaffolds)

    first, second = base_of(made), base_of(made)

    service = files_at(root / "acme/checkout.git", "main")
    gitops = files_at(root / "acme/gitops.git", "main")
    assert as_git_has_it(first["service"]) == service
    assert PATH in service
    added = {path: text for path, text in gitops.items() if "checkout" in path}
    assert as_git_has_it(first["gitops"]) == added
    assert first == second


def test_a_layer_is_kept_once(made, request_run) -> None:
    run = request_run(name="quote-two")
    pipeline.execute(run.pk)

    assert sorted(LayerArchive.objects.values_list("label", flat=True)) == [
        "paved",
        "tiny-api/service",
    ]


def test_without_its_layer_it_says_which_one_is_missing(made) -> None:
    digest = LayerArchive.objects.get(label="paved").digest
    LayerArchive.objects.filter(label="paved").delete()

    with pytest.raises(TemplateError, match=f"paved: version {digest[:12]} was not kept"):
        base_of(made)


def test_the_archive_is_not_shown_in_the_admin(made, client, admin_user) -> None:
    client.force_login(admin_user)
    digest = LayerArchive.objects.get(label="paved").digest

    page = client.get(f"/admin/scaffolding/layerarchive/{digest}/change/")

    assert page.status_code == 200
    assert "content" not in page.context["adminform"].form.fields
