"""`flagstone forge discover`: what an organisation has, shown before it is registered."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

CATALOG = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\n"


@pytest.fixture
def far(transactional_db, tmp_path, monkeypatch, admin_user):
    from flagstone.catalog import actions
    from flagstone.forge.models import Repository
    from flagstone.forge.tasks import sync_repository
    from tests.forge.remote.worlds import world

    for task in (actions.ingest_location, sync_repository):
        monkeypatch.setattr(task, "delay", lambda *_: None)
    with world("gitea", tmp_path / "far", monkeypatch) as made:
        Repository.objects.all().delete()
        made.stand_in.repository(
            "acme/checkout", {"catalog-info.yaml": CATALOG % "checkout", "a.py": "1\n"}
        )
        made.stand_in.repository("acme/notes", {"README.md": "nothing\n"})
        made.stand_in.repository("acme/old", {"catalog-info.yaml": CATALOG % "old"})
        made.stand_in.known("acme/old").is_archived = True
        made.stand_in.repository("acme/empty", {})
        yield made


SHOWN = """\
  acme/gitops: left out, neither catalogue files nor GitOps paths
+ acme/checkout: as service; catalogue: catalog-info.yaml
  acme/notes: left out, neither catalogue files nor GitOps paths
  acme/old: left out, it is archived
  acme/empty: left out, it has no commit yet
"""


def test_it_shows_first_and_registers_on_yes_once(run, far):
    from flagstone.catalog.models import Location
    from flagstone.forge.models import Repository

    asked = ("forge", "discover", far.host.name, "acme", "--as", "ada")
    shown = run(*asked, "--json")
    assert [json.loads(line)["new"] for line in shown.out.splitlines()] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert "--yes registers" in shown.err
    assert not Repository.objects.exists()
    done = run(*asked, "--yes")
    assert (done.status, done.out) == (0, SHOWN)
    assert done.err == "registered: acme/checkout\n"
    assert list(Repository.objects.values_list("full_name", "role")) == [
        ("acme/checkout", "service")
    ]
    assert list(Location.objects.values_list("repository__full_name", "path")) == [
        ("acme/checkout", "catalog-info.yaml")
    ]
    again = run(*asked, "--yes")
    assert "= acme/checkout: registered already" in again.out
    assert again.err == "There is nothing new to register.\n"


def test_one_repository_can_be_named(run, far):
    done = run(
        "forge", "discover", far.host.name, "acme", "--as", "ada", "--yes",
        "--repository", "acme/checkout", "--repository", "acme/none",
    )  # fmt: skip
    assert "+ acme/checkout: as service" in done.out
    assert "  acme/none: left out, " in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "acme", "--as", "ada"), "There is no code host 'nowhere'"),
        (("the-gitea", "acme", "--as", "nobody"), "There is no active person 'nobody'"),
        (("the-gitea", "nobody", "--as", "ada"), "nobody"),
    ],
)
def test_who_or_what_is_unknown_is_a_sentence(run, far, arguments, words):
    done = run("forge", "discover", *arguments)
    assert done.status == 2
    assert words in done.err


def test_only_the_platform_team_may(run, far, member):
    done = run("forge", "discover", far.host.name, "acme", "--as", member.username)
    assert done.status == 2
    assert "may not do this" in done.err
