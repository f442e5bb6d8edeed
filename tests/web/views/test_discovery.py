"""Finding repositories: asked for, watched, said yes to; all without a script."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from flagstone.catalog import tasks
from flagstone.catalog.discovery import working
from flagstone.catalog.models import DiscoveredRepository, Discovery, Location
from flagstone.forge.errors import RateLimited, TransportError
from flagstone.forge.models import CodeHost, HostKind, Repository
from tests.forge.repositories import make_repository

pytestmark = pytest.mark.django_db

COMPONENT = (
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\n"
    "spec: {type: service, lifecycle: production, owner: payments}\n"
)


@pytest.fixture(autouse=True)
def enqueued(no_broker: list[str]) -> list[str]:
    return no_broker


@pytest.fixture
def platform(client: Client, admin_user: Any) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def host(root: Path) -> CodeHost:
    make_repository(root, {"catalog-info.yaml": COMPONENT % "checkout"}, full_name="acme/checkout")
    make_repository(
        root,
        {
            "services/a/catalog-info.yaml": COMPONENT % "a",
            "services/b/catalog-info.yaml": COMPONENT % "b",
            "services/a/rollout.yaml": "x\n",
        },
        full_name="acme/gitops",
    )
    make_repository(root, {"README.md": "<b>notes</b>\n"}, full_name="acme/notes")
    return CodeHost.objects.create(name="local", kind=HostKind.LOCAL)


def ask(client: Client, **fields: str) -> Any:
    return client.post("/catalog/find", {"host": "local", "owner": "acme", "names": "", **fields})


def test_a_look_is_asked_for_watched_and_said_yes_to(
    platform: Client,
    host: CodeHost,
    enqueued: list[str],
    audit_actions: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = ask(platform)
    discovery = Discovery.objects.get()
    address = f"/catalog/find/{discovery.pk}"
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert enqueued == ["flagstone.catalog.work_discovery"]
    page = platform.get(address).text
    assert "0 repositories looked at so far" in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page

    tasks.work_discovery(str(discovery.pk))
    page = platform.get(address).text
    assert "3 repositories looked at, " in page
    assert 'http-equiv="refresh"' not in page
    assert '<input type="checkbox" name="name" value="acme/checkout" checked>' in page
    assert "services/*/catalog-info.yaml" in page
    assert "neither catalogue files nor GitOps paths" in page
    assert not Repository.objects.exists()

    answer = platform.post(f"{address}/register", {"name": ["acme/gitops", "acme/notes", "x/y"]})
    assert answer["Location"] == address
    page = platform.get(address).text
    assert "1 repository is being registered." in page
    tasks.work_discovery(str(discovery.pk))
    assert list(Repository.objects.values_list("full_name", "role")) == [("acme/gitops", "gitops")]
    assert list(Location.objects.values_list("path", "registered_by__username")) == [
        ("services/*/catalog-info.yaml", "ada")
    ]
    assert audit_actions()[1:] == [
        "catalog.discovery_requested",
        "catalog.discovery_accepted",
        "forge.repository_registered",
        "catalog.location_registered",
    ]
    page = platform.get(address).text
    assert "<h2>Registered</h2>" in page
    assert 'value="acme/checkout" checked' in page
    assert 'value="acme/gitops"' not in page


def test_the_same_look_again_knows_what_is_registered(platform: Client, host: CodeHost) -> None:
    for _ in range(2):
        ask(platform)
        discovery = Discovery.objects.first()
        tasks.work_discovery(str(discovery.pk))
        platform.post(f"/catalog/find/{discovery.pk}/register", {"name": ["acme/gitops"]})
        tasks.work_discovery(str(discovery.pk))
    row = DiscoveredRepository.objects.get(discovery=discovery, full_name="acme/gitops")
    assert (row.was_registered, row.locations, row.wanted_by) == (True, [], None)
    assert Location.objects.count() == 1


def test_the_role_is_chosen_where_the_files_suggest_another(
    platform: Client, host: CodeHost
) -> None:
    ask(platform)
    discovery = Discovery.objects.get()
    tasks.work_discovery(str(discovery.pk))
    address = f"/catalog/find/{discovery.pk}"
    assert 'name="role:acme/gitops"' in platform.get(address).text
    sent = {"name": ["acme/gitops"], "role:acme/gitops": "catalog", "role:acme/checkout": "gitops"}
    platform.post(f"{address}/register", sent)
    tasks.work_discovery(str(discovery.pk))
    assert list(Repository.objects.values_list("full_name", "role")) == [("acme/gitops", "catalog")]
    refused = platform.post(
        f"{address}/register", {"name": ["acme/checkout"], "role:acme/checkout": "x"}
    )
    assert refused.status_code == 400
    assert "There is no role" in refused.content.decode()


def test_only_named_repositories_can_be_looked_at(platform: Client, host: CodeHost) -> None:
    ask(platform, owner="", names="acme/checkout\nacme/none")
    tasks.work_discovery(str(Discovery.objects.get().pk))
    rows = DiscoveredRepository.objects.values_list("full_name", "locations", "has_failed")
    assert list(rows) == [
        ("acme/checkout", ["catalog-info.yaml"], False),
        ("acme/none", [], True),
    ]


def test_a_limit_is_waited_for_and_the_sweep_goes_on_with_the_rest(
    platform: Client, host: CodeHost, enqueued: list[str], monkeypatch: Any
) -> None:
    ask(platform)
    discovery = Discovery.objects.get()
    plain = working.discover

    def limited(**values: Any) -> Any:
        yield next(iter(plain(**values)))
        raise RateLimited("The code host asks for patience.", retry_after=60)

    with monkeypatch.context() as patch:
        patch.setattr(working, "discover", limited)
        tasks.work_discovery(str(discovery.pk))
    discovery.refresh_from_db()
    assert (discovery.error, discovery.looked_at) == ("The code host asks for patience.", None)
    assert timedelta(seconds=50) < discovery.not_before - timezone.now() <= timedelta(seconds=60)
    page = platform.get(f"/catalog/find/{discovery.pk}").text
    assert "It waits, and goes on by itself" in page
    long_ago = timezone.now() - timedelta(minutes=5)
    Discovery.objects.update(touched_at=long_ago)
    assert working.claim_left_discoveries() == []
    Discovery.objects.update(not_before=long_ago)
    assert working.claim_left_discoveries() == [discovery.pk]
    assert working.claim_left_discoveries() == []
    tasks.work_discovery(str(discovery.pk))
    discovery.refresh_from_db()
    assert (discovery.error, discovery.found.count()) == ("", 3)
    assert discovery.looked_at is not None


def test_a_turn_ends_in_time_and_the_next_goes_on(
    platform: Client, host: CodeHost, monkeypatch: Any
) -> None:
    monkeypatch.setattr(working, "LONGEST_TURN", -1.0)
    ask(platform)
    discovery = Discovery.objects.get()
    assert [working.work_discovery(discovery.pk) for _ in range(4)] == [True, True, True, False]
    assert discovery.found.count() == 3


def test_one_that_cannot_be_registered_is_named_and_can_be_tried_again(
    platform: Client, host: CodeHost, root: Path
) -> None:
    ask(platform)
    discovery = Discovery.objects.get()
    address = f"/catalog/find/{discovery.pk}"
    tasks.work_discovery(str(discovery.pk))
    folder = root / "acme/checkout.git"
    folder.rename(root / "away")
    platform.post(f"{address}/register", {"name": ["acme/checkout", "acme/gitops"]})
    tasks.work_discovery(str(discovery.pk))
    assert list(Repository.objects.values_list("full_name", flat=True)) == ["acme/gitops"]
    page = platform.get(address).text
    assert "not registered: " in page
    assert '<input type="checkbox" name="name" value="acme/checkout">' in page
    (root / "away").rename(folder)
    platform.post(f"{address}/register", {"name": ["acme/checkout"]})
    tasks.work_discovery(str(discovery.pk))
    assert Repository.objects.count() == 2


def test_a_break_in_the_connection_while_registering_is_waited_out(
    platform: Client, host: CodeHost, monkeypatch: Any
) -> None:
    ask(platform)
    discovery = Discovery.objects.get()
    tasks.work_discovery(str(discovery.pk))
    platform.post(f"/catalog/find/{discovery.pk}/register", {"name": ["acme/checkout"]})

    def broken(**values: Any) -> None:
        raise TransportError("The code host cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(working, "register", broken)
        tasks.work_discovery(str(discovery.pk))
    row = DiscoveredRepository.objects.get(full_name="acme/checkout")
    assert (row.problem, row.registered_at) == ("", None)
    Discovery.objects.update(not_before=timezone.now())
    tasks.work_discovery(str(discovery.pk))
    row.refresh_from_db()
    assert row.registered_at is not None


def test_an_owner_that_is_not_there_ends_the_look(platform: Client, host: CodeHost) -> None:
    ask(platform, owner="nobody")
    discovery = Discovery.objects.get()
    tasks.work_discovery(str(discovery.pk))
    page = platform.get(f"/catalog/find/{discovery.pk}").text
    assert "It could not go on" in page
    assert "There is no folder &#x27;nobody&#x27;" in page
    assert list(Discovery.objects.unfinished()) == []


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"owner": ""}, 422, "Name an organisation, or repositories."),
        ({"host": "none"}, 422, "Select a valid choice"),
        ({"owner": "", "names": "no-slash"}, 400, "no-slash"),
        ({"owner": "", "names": " ".join(f"a/b{n}" for n in range(501))}, 400, "500 are the most"),
    ],
)
def test_what_cannot_be_looked_for_is_told_on_the_form(
    platform: Client, host: CodeHost, fields: dict[str, str], status: int, words: str
) -> None:
    answer = ask(platform, **fields)
    assert answer.status_code == status
    assert words in answer.text
    assert not Discovery.objects.exists()


def test_only_the_platform_team_finds_repositories(
    client: Client, lead: Any, admin_user: Any, host: CodeHost
) -> None:
    discovery = Discovery.objects.create(host=host, owner="acme", requested_by=admin_user)
    client.force_login(lead)
    for path in ("/catalog/find", f"/catalog/find/{discovery.pk}"):
        assert client.get(path).status_code == 403
    assert ask(client).status_code == 403
    address = f"/catalog/find/{discovery.pk}/register"
    assert client.post(address, {"name": "acme/x"}).status_code == 403
    assert "Find repositories" not in client.get("/catalog").text
    client.force_login(admin_user)
    assert 'href="/catalog/find"' in client.get("/catalog").text
    assert client.get("/catalog/find/00000000-0000-0000-0000-000000000001").status_code == 404


def test_a_file_that_cannot_be_read_is_named_and_not_ticked(
    platform: Client, host: CodeHost, admin_user: Any
) -> None:
    found = Discovery.objects.create(
        host=host, owner="acme", requested_by=admin_user, looked_at=timezone.now()
    )
    row = {"role": "service", "locations": ["catalog-info.yaml"]}
    found.found.create(full_name="acme/fine", **row)
    found.found.create(full_name="acme/broken", faults=["catalog-info.yaml, line 2: no"], **row)
    page = platform.get(f"/catalog/find/{found.pk}").text
    assert '<input type="checkbox" name="name" value="acme/fine" checked>' in page
    assert '<input type="checkbox" name="name" value="acme/broken">' in page
    assert "cannot be read as it is: catalog-info.yaml, line 2: no" in page


@pytest.mark.parametrize("fields", [{"error": "The token is refused."}, {}])
def test_a_look_that_failed_can_be_asked_for_again(
    platform: Client, host: CodeHost, admin_user: Any, fields: dict[str, str]
) -> None:
    found = Discovery.objects.create(
        host=host, owner="acme", names=["acme/gone"], requested_by=admin_user,
        looked_at=timezone.now(), **fields,
    )  # fmt: skip
    if not fields:
        found.found.create(full_name="acme/gone", skipped="It is gone.", has_failed=True)
    page = platform.get(f"/catalog/find/{found.pk}").text
    assert "Nothing new to register" not in page
    assert "Look again</button>" in page
    answer = ask(platform, names="acme/gone")
    assert answer["Location"] == f"/catalog/find/{Discovery.objects.latest('requested_at').pk}"
