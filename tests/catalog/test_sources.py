from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flagstone.catalog import pipeline, sources
from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.catalog.errors import LocationUnreadable
from flagstone.catalog.models import Entity, Location, LocationState, LocationType
from flagstone.catalog.sources import FolderSource, RepositorySource, place_on_disk
from flagstone.core.tasks import RetryLater
from flagstone.forge.errors import RefNotFound, TransportError, TreeTooLarge
from tests.catalog.conftest import dump, service
from tests.catalog.engine.samples import entity
from tests.catalog.repositories import Remote, make_remote
from tests.forge.repositories import git


@pytest.fixture
def remote(db: None, settings: Any, tmp_path: Path) -> Callable[[dict[str, Any]], Remote]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return lambda files: make_remote(settings.FLAGSTONE_LOCAL_HOST_ROOT, scratch, files)


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "allowed"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.yaml").write_text("a: 1\n")
    settings.FLAGSTONE_CATALOG_ROOTS = [str(folder)]
    return folder


def git_location(remote: Remote, path: str) -> Location:
    return Location.objects.create(type=LocationType.GIT, repository=remote.repository, path=path)


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("{root}", "**/catalog-info.yaml"),
        ("{root}/deep", "deep/**/catalog-info.yaml"),
        ("{root}/deep/a.yaml", "deep/a.yaml"),
        ("{root}/deep/*.yaml", "deep/*.yaml"),
        ("{root}/**/a.yaml", "**/a.yaml"),
    ],
)
def test_a_path_on_disk_is_read_below_its_allowed_folder(root: Path, path: str, entry: str) -> None:
    assert place_on_disk(path.format(root=root)) == (root, entry)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("deep/a.yaml", "is not an absolute path"),
        ("{root}/../secret.yaml", "is not an absolute path"),
        ("/etc/passwd", "lies in no folder that the catalogue may read"),
        ("{root}-other/a.yaml", "lies in no folder that the catalogue may read"),
        ("{root}/link/passwd", "lies in no folder that the catalogue may read"),
        ("{root}/gone.yaml", "does not exist any more"),
        ("{root}/gone/*.yaml", "does not exist any more"),
    ],
)
def test_a_path_that_may_not_be_read_is_refused(root: Path, path: str, words: str) -> None:
    (root / "link").symlink_to("/etc")

    with pytest.raises(LocationUnreadable, match=words):
        place_on_disk(path.format(root=root))


def test_without_allowed_folders_no_path_is_read(settings: Any) -> None:
    settings.FLAGSTONE_CATALOG_ROOTS = []

    with pytest.raises(LocationUnreadable, match="allowed: none"):
        place_on_disk("/srv/catalog")


def test_of_nested_allowed_folders_the_inner_one_is_the_root(root: Path, settings: Any) -> None:
    settings.FLAGSTONE_CATALOG_ROOTS = [str(root), str(root / "deep")]

    assert place_on_disk(str(root / "deep" / "a.yaml")) == (root / "deep", "a.yaml")


def test_a_folder_gives_its_files_and_nothing_beyond(root: Path, tmp_path: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x")
    (tmp_path / "secret.yaml").write_text("x")
    (root / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "in.yaml").symlink_to(root / "deep" / "a.yaml")
    source = FolderSource(root)

    assert sorted(source.paths("")) == ["deep/a.yaml", "in.yaml", "out.yaml"]
    assert sorted(source.paths("deep")) == ["deep/a.yaml"]
    assert [source.has(p) for p in ("deep/a.yaml", "in.yaml", "out.yaml", "deep", "gone")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert source.read("deep/a.yaml") == b"a: 1\n"
    with pytest.raises(Unresolved, match="it is gone"):
        source.read("out.yaml")


def test_a_name_that_is_no_readable_text_is_left_out(root: Path) -> None:
    (root / "deep" / os.fsdecode(b"\xff.yaml")).write_text("a: 1\n")
    (root / "new\nline.yaml").write_text("a: 1\n")
    (root / os.fsdecode(b"\xfe")).mkdir()
    (root / os.fsdecode(b"\xfe") / "a.yaml").write_text("a: 1\n")

    assert list(FolderSource(root).paths("")) == ["deep/a.yaml"]


def test_of_a_huge_file_no_more_is_read_than_shows_that_it_is_too_large(root: Path) -> None:
    with (root / "huge.yaml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)

    assert len(FolderSource(root).read("huge.yaml")) == 5 * 1024 * 1024 + 1


def test_a_folder_with_too_many_files_is_not_searched(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_FOLDER_FILES", 2)
    for name in "xyz":
        (root / name).write_text("")

    with pytest.raises(LocationUnreadable, match="holds more than 2 files"):
        list(FolderSource(root).paths(""))


def test_a_repository_is_read_at_the_commit_of_its_default_branch(remote: Any) -> None:
    made = remote({"catalog-info.yaml": dump(service()), "README.md": "x"})
    location = git_location(made, "catalog-info.yaml")

    pipeline.ingest(location.pk)

    location.refresh_from_db()
    assert list(Entity.objects.values_list("ref", "source_path")) == [
        ("component:default/checkout", "catalog-info.yaml")
    ]
    assert location.state == LocationState.READ
    assert len(location.commit) == 40

    commit = made.push({"catalog-info.yaml": dump(service("quote"))})
    stored = pipeline.ingest(location.pk)

    location.refresh_from_db()
    assert (stored.created, stored.orphaned) == (
        ["component:default/quote"],
        ["component:default/checkout"],
    )
    assert location.commit == commit


def test_a_pattern_finds_the_services_of_a_gitops_repository(remote: Any) -> None:
    made = remote(
        {
            "services/checkout/catalog-info.yaml": dump(service("checkout")),
            "services/quote/catalog-info.yaml": dump(service("quote")),
            "services/quote/deep/catalog-info.yaml": dump(service("too-deep")),
            "catalog-info.yaml": dump(service("root")),
        }
    )

    stored = pipeline.ingest(git_location(made, "services/*/catalog-info.yaml").pk)

    assert stored.created == ["component:default/checkout", "component:default/quote"]


def test_what_lies_elsewhere_is_read_when_something_leads_there(remote: Any) -> None:
    made = remote(
        {
            "teams/all.yaml": dump(
                entity("Location", metadata__name="all", spec={"target": "../services/a.yaml"})
            ),
            "services/a.yaml": dump(
                entity("API", metadata__name="a", spec__definition={"$text": "../docs/a.md"})
            ),
            "docs/a.md": "hello",
        }
    )

    stored = pipeline.ingest(git_location(made, "teams/all.yaml").pk)

    assert (stored.created, stored.problems) == (["location:default/all", "api:default/a"], [])
    assert Entity.objects.get(kind="API").spec["definition"] == "hello"


def test_of_a_huge_repository_single_files_are_still_read(
    remote: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = remote({"a.yaml": "a", "b.yaml": "b", "c.yaml": "c"})
    real, asked = sources.forge.read_tree, []

    def read_tree(repository: Any, *, ref: str | None, prefix: str) -> Any:
        asked.append(prefix)
        if not prefix:
            raise TreeTooLarge("There are too many files.")
        return real(repository, ref=ref, prefix=prefix)

    monkeypatch.setattr(sources.forge, "read_tree", read_tree)
    source = RepositorySource(made.repository, "a.yaml")

    assert [source.read(p) for p in ("a.yaml", "b.yaml", "c.yaml") if source.has(p)] == [
        b"a",
        b"b",
        b"c",
    ]
    assert not source.has("d.yaml")
    assert asked == ["a.yaml", "", "b.yaml", "c.yaml", "d.yaml"]


def test_links_in_a_repository_are_not_followed(remote: Any) -> None:
    made = remote({"README.md": "x"})
    blob = git(made.bare, "hash-object", "-w", "--stdin", stdin="/etc/passwd")
    tree = git(made.bare, "mktree", stdin=f"120000 blob {blob}\tcatalog-info.yaml\n")
    commit = git(made.bare, "commit-tree", tree, "-m", "A link")
    git(made.bare, "update-ref", "refs/heads/main", commit)
    location = git_location(made, "catalog-info.yaml")

    pipeline.ingest(location.pk)

    location.refresh_from_db()
    assert [p["message"] for p in location.problems] == [
        "catalog-info.yaml cannot be read: a symbolic link: links are not followed."
    ]


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda bare: bare.rename(bare.with_name("moved.git")), "acme/gitops"),
        (lambda bare: (bare / "HEAD").write_text("ref: refs/heads/nowhere\n"), "acme/gitops"),
    ],
)
def test_a_repository_that_is_gone_or_headless_is_told_and_nothing_is_lost(
    remote: Any, break_it: Callable[[Path], Any], words: str
) -> None:
    made = remote({"catalog-info.yaml": dump(service())})
    location = git_location(made, "catalog-info.yaml")
    pipeline.ingest(location.pk)

    break_it(made.bare)
    pipeline.ingest(location.pk)

    location.refresh_from_db()
    assert location.state == LocationState.FAILED
    assert words in location.error
    assert Entity.objects.alive().count() == 1


def test_a_host_that_gives_no_answer_is_tried_again_later(
    remote: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = remote({"catalog-info.yaml": dump(service())})
    location = git_location(made, "catalog-info.yaml")

    def read_tree(*words: Any, **names: Any) -> Any:
        raise TransportError("The code host gives no answer.", retry_after=7)

    monkeypatch.setattr(sources.forge, "read_tree", read_tree)

    with pytest.raises(RetryLater) as caught:
        pipeline.ingest(location.pk)

    location.refresh_from_db()
    assert caught.value.retry_after == 7
    assert (location.state, location.error) == (
        LocationState.FAILED,
        "The code host gives no answer.",
    )


def test_a_failure_that_will_not_pass_is_not_tried_again(
    remote: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = remote({"a.yaml": "a"})
    location = git_location(made, "a.yaml")

    def read_tree(*words: Any, **names: Any) -> Any:
        raise RefNotFound("There is no such branch.")

    monkeypatch.setattr(sources.forge, "read_tree", read_tree)

    assert pipeline.ingest(location.pk).changed == []
    location.refresh_from_db()
    assert location.error == "There is no such branch."
