"""The stand-in of Gitea is proven by a plain client, and by what Gitea and Forgejo say of themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.corpora import corpus
from tests.http_server import Reply, Request
from tests.stand_ins.gitea import TOKEN, GiteaStandIn, Person, gitea_stand_in
from tests.stand_ins.swagger import Description

REPO = "/repos/acme/gitops"


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[GiteaStandIn]:
    with gitea_stand_in(tmp_path / "hosted") as stand_in:
        stand_in.repository("acme/gitops", {"README.md": "hello\n"})
        yield stand_in


def live_a_life(stand_in: GiteaStandIn, root: Path) -> None:
    """Do with plain requests and git what people do, and hold each answer to what people would expect."""
    ada, bob, work = stand_in.person("ada"), stand_in.person("bob"), root / "work"
    head = _push(stand_in, work)
    assert ada.do("GET", f"{REPO}/branches/feature/a")["commit"]["id"] == head
    _open(ada, bob, head)
    _talk(ada, bob)
    _decorate(ada, head)
    _merge(bob, work, head)
    _keep_house(ada)


def _push(stand_in: GiteaStandIn, work: Path) -> str:
    address = stand_in.web_url.replace("http://", "http://ada:token-of-ada@")
    _git(work.parent, "clone", "--quiet", f"{address}/acme/gitops.git", str(work))
    (work / "a.txt").write_text("one\ntwo\n")
    _git(work, "checkout", "--quiet", "-b", "feature/a")
    _git(work, "add", "a.txt")
    _git(work, "commit", "--quiet", "-m", "Add a")
    _git(work, "push", "--quiet", "origin", "feature/a")
    return _git(work, "rev-parse", "HEAD")


def _open(ada: Person, bob: Person, head: str) -> None:
    assert ada.do("GET", "/user")["login"] == "ada"
    new = {"title": "WIP: Add a", "body": "b", "head": "feature/a", "base": "main"}
    pull = ada.do("POST", f"{REPO}/pulls", new)
    assert (pull["number"], pull["draft"], pull["mergeable"]) == (1, True, False)
    assert pull["head"]["sha"] == head
    assert ada.ask("POST", f"{REPO}/pulls", new).status_code == 409
    assert ada.ask("POST", f"{REPO}/pulls", {**new, "head": "nope"}).status_code == 404
    merge = {"Do": "merge", "do": "merge", "head_commit_id": head}
    assert bob.ask("POST", f"{REPO}/pulls/1/merge", merge).status_code == 405
    assert ada.do("PATCH", f"{REPO}/pulls/1", {"title": "Add a"})["mergeable"]
    assert bob.do("GET", f"{REPO}/pulls/1")["title"] == "Add a"


def _talk(ada: Person, bob: Person) -> None:
    bob.do("POST", f"{REPO}/pulls/1/requested_reviewers", {"reviewers": ["bob"]})
    assert ada.ask("POST", f"{REPO}/pulls/1/reviews", {"event": "APPROVED"}).status_code == 422
    bob.do("POST", f"{REPO}/pulls/1/reviews", {"event": "APPROVED", "body": "Good"})
    comment = bob.do("POST", f"{REPO}/issues/1/comments", {"body": "Fine"})
    bob.do("PATCH", f"{REPO}/issues/comments/{comment['id']}", {"body": "Fine!"})
    assert [each["body"] for each in bob.do("GET", f"{REPO}/issues/1/comments")] == ["Fine!"]
    kinds = [each["type"] for each in bob.do("GET", f"{REPO}/issues/1/timeline")]
    assert kinds == ["change_title", "review_request", "review", "comment"]
    assert bob.do("GET", f"{REPO}/issues/1/timeline", page=2) is None
    assert [each["state"] for each in bob.do("GET", f"{REPO}/pulls/1/reviews")] == ["APPROVED"]


def _decorate(ada: Person, head: str) -> None:
    label = ada.do("POST", f"{REPO}/labels", {"name": "bug", "color": "#ee0000"})
    ada.do("PUT", f"{REPO}/issues/1/labels", {"labels": [label["id"]]})
    word = {"context": "ci", "state": "success", "description": "", "target_url": ""}
    ada.do("POST", f"{REPO}/statuses/{head}", word)
    assert ada.do("GET", f"{REPO}/commits/{head}/statuses")[0]["status"] == "success"
    (file,) = ada.do("GET", f"{REPO}/pulls/1/files")
    assert (file["filename"], file["additions"]) == ("a.txt", 2)
    assert [each["sha"] for each in ada.do("GET", f"{REPO}/pulls/1/commits")] == [head]


def _merge(bob: Person, work: Path, head: str) -> None:
    merge = {"Do": "merge", "do": "merge", "head_commit_id": head}
    stale = {**merge, "head_commit_id": "a" * 40}
    assert bob.ask("POST", f"{REPO}/pulls/1/merge", stale).status_code == 409
    bob.do("POST", f"{REPO}/pulls/1/merge", merge)
    bob.do("GET", f"{REPO}/git/commits/{head}")
    merged = bob.do("GET", f"{REPO}/pulls/main/feature/a")
    assert (merged["state"], merged["merged"], merged["merged_by"]["login"]) == (
        "closed",
        True,
        "bob",
    )
    _git(work, "fetch", "--quiet", "origin", "main")
    assert _git(work, "rev-parse", "FETCH_HEAD") == merged["merge_commit_sha"]
    assert [label["name"] for label in merged["labels"]] == ["bug"]
    assert bob.ask("PATCH", f"{REPO}/pulls/1", {"state": "closed"}).status_code == 412
    assert len(bob.do("GET", f"{REPO}/pulls", state="closed")) == 1
    assert bob.do("GET", f"{REPO}/pulls") == []


def _keep_house(ada: Person) -> None:
    made = ada.do("POST", "/orgs/acme/repos", {"name": "new", "private": True})
    assert made["empty"]
    assert ada.ask("POST", "/orgs/acme/repos", {"name": "New"}).status_code == 409
    ada.do("POST", "/user/repos", {"name": "mine"})
    assert [each["full_name"] for each in ada.do("GET", "/users/ada/repos")] == ["ada/mine"]
    assert len(ada.do("GET", "/orgs/acme/repos", limit=1)) == 1
    ada.do("DELETE", "/repos/acme/new")
    assert ada.ask("GET", "/repos/acme/new").status_code == 404
    for path in ("/users/bob", "/orgs/acme", "/orgs/acme/labels", REPO, f"{REPO}/branches",
                 f"{REPO}/labels", f"{REPO}/hooks", f"{REPO}/issues"):  # fmt: skip
        ada.do("GET", path)


def _git(folder: Path, *words: str) -> str:
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(
        ["git", *person, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_plain_client_finds_its_way(stand_in, tmp_path):
    live_a_life(stand_in, tmp_path)


@pytest.mark.parametrize("name", ["gitea-1.27.1.swagger.json", "forgejo-16.0.1.swagger.json"])
def test_every_request_and_answer_is_as_described(stand_in, tmp_path, name):
    description = Description(corpus("openapi") / name, stand_in)
    used: set[str] = set()

    def hold(request: Request, reply: Reply) -> None:
        description.check(request, reply)
        path = request.path.partition("?")[0].removeprefix(stand_in.prefix)
        used.update(
            text
            for pattern, _, text in stand_in._routes
            if pattern.fullmatch(f"{request.method} {path}")
        )

    stand_in.watchers.append(hold)
    live_a_life(stand_in, tmp_path)
    assert description.checked == len(stand_in.server.requests)
    assert {text for _, _, text in stand_in._routes} - used == set(), "each route was used"


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "token wrong"}, {"authorization": f"Bearer {TOKEN}"}]
)
def test_nobody_is_let_in_without_a_credential(stand_in, headers):
    nobody: Any = stand_in.person("ada")
    nobody.headers = headers
    assert nobody.ask("GET", "/user").status_code == 401


def test_lists_have_pages_whose_addresses_are_the_operators(stand_in):
    stand_in.most = 2
    for name in ("acme/b", "acme/c"):
        stand_in.repository(name)
    first = stand_in.person("ada").ask("GET", "/orgs/acme/repos", limit=50)
    assert (len(first.json()), first.headers["X-Total-Count"]) == (2, "3")
    assert (
        first.links["next"]["url"] == "https://forge.example/api/v1/orgs/acme/repos?limit=50&page=2"
    )
    second = stand_in.person("ada").ask("GET", "/orgs/acme/repos", limit=50, page=2)
    assert (len(second.json()), "Link" in second.headers) == (1, False)
