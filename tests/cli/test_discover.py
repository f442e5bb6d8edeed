"""`flagstone forge discover`: what an organisation has, shown before it is registered."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

CATALOG = (
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\n"
    "spec: {type: service, lifecycle: production, owner: payments}\n"
)


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
    assert done.err == (
        "registered: acme/checkout\nPull requests of the last 30 days are read now; "
        "`flagstone forge backfill` reads the older ones.\n"
    )
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
    assert "  acme/none: not looked at, " in done.out
    assert done.status == 1


def test_when_none_of_the_named_can_be_looked_at_nothing_else_is_said(run, far):
    done = run(
        "forge", "discover", far.host.name, "--as", "ada",
        "--repository", "acme/gone", "--repository", "other/x",
    )  # fmt: skip
    assert (done.status, done.err) == (1, "2 could not be looked at: see above.\n")


def test_one_that_cannot_be_reached_keeps_no_other_out(run, far, monkeypatch):
    from flagstone.catalog.discovery import looking
    from flagstone.forge.errors import TransportError

    plain = looking.glance

    def broken(remote, wanted, **limits):
        if remote.name == "acme/notes":
            raise TransportError("acme/notes did not answer.")
        return plain(remote, wanted, **limits)

    monkeypatch.setattr(looking, "glance", broken)
    done = run("forge", "discover", far.host.name, "acme", "--as", "ada")
    assert done.status == 1
    assert done.out == SHOWN.replace(
        "acme/notes: left out, neither catalogue files nor GitOps paths",
        "acme/notes: not looked at, acme/notes did not answer.",
    )
    assert done.err == "Nothing was registered; --yes registers.\n"


def test_a_failure_in_the_middle_is_told_and_the_next_run_does_the_rest(run, far, monkeypatch):
    from flagstone.catalog.discovery import looking
    from flagstone.catalog.models import Location
    from flagstone.forge.errors import TransportError
    from flagstone.forge.models import Repository

    far.stand_in.repository("acme/ways", {"catalog-info.yaml": CATALOG % "ways"})
    plain = looking.add_location

    def broken(**values):
        if values["repository"].full_name == "acme/checkout":
            raise TransportError("It broke off.")
        return plain(**values)

    asked = ("forge", "discover", far.host.name, "acme", "--as", "ada", "--yes")
    with monkeypatch.context() as patch:
        patch.setattr(looking, "add_location", broken)
        done = run(*asked)
    assert done.status == 1
    assert done.err.splitlines()[:3] == [
        "not registered: acme/checkout: It broke off.",
        "registered: acme/ways",
        "Run it again: what is registered stays, and the rest is tried.",
    ]
    assert Repository.objects.count() == 2
    again = run(*asked)
    assert (again.status, Location.objects.count()) == (0, 2)
    assert (
        "+ acme/checkout: registered already; to add to the catalogue: catalog-info.yaml\n"
        in again.out
    )


def test_what_is_archived_is_left_out_though_it_is_named(run, far):
    done = run(
        "forge", "discover", far.host.name, "acme", "--as", "ada", "--repository", "acme/old"
    )
    assert done.out == "  acme/old: left out, it is archived\n"


def test_five_hundred_are_looked_at_a_few_at_a_time(run, far, monkeypatch):
    import threading

    from flagstone.catalog.discovery import looking
    from flagstone.forge.git.reading import Glance
    from flagstone.forge.hosts.base import RepositoryEntry

    at_once, most, lock = [0], [0], threading.Lock()

    def slow(remote, wanted, **limits):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.005)
        with lock:
            at_once[0] -= 1
        return Glance(["catalog-info.yaml"], {})

    entries = [RepositoryEntry(f"acme/s{number:03}", "", "main") for number in range(500)]
    forge = type(far.forge)
    monkeypatch.setattr(forge, "list_repositories", lambda *_: iter(entries))
    monkeypatch.setattr(looking, "glance", slow)
    done = run("forge", "discover", far.host.name, "acme", "--as", "ada")
    assert [line.split()[1] for line in done.out.splitlines()] == [
        f"{entry.full_name}:" for entry in entries
    ]
    assert 2 <= most[0] <= looking.AT_ONCE


def test_a_file_that_another_one_leads_to_is_not_registered_twice(run, far):
    far.stand_in.repository(
        "acme/mono",
        {
            "catalog-info.yaml": (
                CATALOG % "mono" + "---\napiVersion: backstage.io/v1alpha1\nkind: Location\n"
                "metadata: {name: all}\nspec: {target: ./a/catalog-info.yaml}\n"
            ),
            "a/catalog-info.yaml": CATALOG % "a",
            "b/catalog-info.yaml": CATALOG % "b",
            "b/main.py": "1\n",
        },
    )
    asked = ("forge", "discover", far.host.name, "acme", "--as", "ada")
    done = run(*asked, "--repository", "acme/mono", "--json")
    assert json.loads(done.out)["locations"] == ["catalog-info.yaml", "b/catalog-info.yaml"]


def test_a_catalogue_file_that_cannot_be_read_is_shown_with_its_fault(run, far):
    far.stand_in.repository("acme/broken", {"catalog-info.yaml": "kind: Component\nmetadata: [\n"})
    done = run("forge", "discover", far.host.name, "--as", "ada", "--repository", "acme/broken")
    first, second = done.out.splitlines()
    assert first == "+ acme/broken: as service; catalogue: catalog-info.yaml"
    assert second.startswith("    cannot be read as it is: catalog-info.yaml, line ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "acme", "--as", "ada"), "There is no code host 'nowhere'"),
        (("the-gitea", "acme", "--as", "nobody"), "There is no active person 'nobody'"),
        (("the-gitea", "nobody", "--as", "ada"), "nobody"),
        (
            ("the-gitea", "--as", "ada"),
            "Name an organisation, group or person, or repositories with",
        ),
        (
            ("the-gitea", "nobody", "--as", "ada", "--repository", "acme/notes"),
            "acme/notes does not begin with nobody/. Leave nobody out, or name only its repositories.",
        ),
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


def test_a_role_is_said_where_the_files_suggest_another(run, far):
    from flagstone.forge.models import Repository

    asked = ("forge", "discover", far.host.name, "acme", "--as", "ada", "--yes")
    wrong = run(*asked, "--role", "gitpos")
    assert wrong.status == 2
    assert "There is no role 'gitpos'; a repository is for service, gitops, catalog." in wrong.err
    assert not Repository.objects.exists()
    assert run(*asked, "--role", "gitops").status == 0
    assert list(Repository.objects.values_list("full_name", "role")) == [
        ("acme/checkout", "gitops")
    ]
