"""What all stand-ins are built on does what git and code hosts do."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.http_server import Reply
from tests.stand_ins.base import Call, Refused, StandIn, route, running
from tests.stand_ins.repositories import BareRepositories, BareRepository, Conflict, FileSeen


@pytest.fixture
def repository(tmp_path: Path) -> BareRepository:
    made = BareRepositories(tmp_path).create("acme/gitops")
    made.write("main", {"a.txt": "one\n", "b.txt": "one\n"}, message="Begin")
    return made


def test_a_merge_is_a_real_one(repository):
    before = repository.heads()["main"]
    head = repository.write("topic", {"a.txt": "two\nthree\n"}, message="Change a")
    assert repository.files("main", "topic") == [FileSeen("a.txt", 2, 1)]
    assert [seen.message for seen in repository.commits("main", "topic")] == ["Change a"]
    merge = repository.merge("main", head, "Merge it")
    assert repository.heads() == {"main": merge, "topic": head}
    seen = repository.commit(merge)
    assert (seen.parents, seen.message) == ((before, head), "Merge it")


def test_a_conflict_merges_nothing(repository):
    repository.write("topic", {"a.txt": "two\n"})
    repository.write("main", {"a.txt": "three\n"})
    heads = repository.heads()
    assert not repository.can_merge(heads["main"], heads["topic"])
    with pytest.raises(Conflict):
        repository.merge("main", heads["topic"], "Merge it", squash=True)
    assert repository.heads() == heads


class Shelf(StandIn):
    prefix = "/api"

    @route("GET /books/{name:path}/pages")
    def pages(self, call: Call) -> Reply:
        return self.page(call, [call["name"], 2, 3])

    @route("GET /books/{name}")
    def book(self, call: Call) -> Reply:
        raise Refused(410, {"message": call["name"]})


def test_a_request_finds_its_route_and_a_list_its_pages(tmp_path):
    with running(Shelf(BareRepositories(tmp_path))) as shelf:
        first = requests.get(f"{shelf.url}/books/a%2Fb/c/pages?per_page=2", timeout=5)
        assert first.json() == ["a/b/c", 2]
        assert requests.get(first.links["next"]["url"], timeout=5).json() == [3]
        gone = requests.get(f"{shelf.url}/books/a%2Fb", timeout=5)
        assert (gone.status_code, gone.json()) == (410, {"message": "a/b"})
        assert requests.get(f"{shelf.url}/none", timeout=5).status_code == 404
