from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest
import yaml

from flagstone.catalog.engine import walking
from flagstone.catalog.engine.composing import Limits
from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.catalog.engine.walking import KnownLocation, Walk, walk
from tests.catalog.engine.samples import entity


class Files:
    """A source in memory; a file that is an exception cannot be read."""

    def __init__(self, files: dict[str, str | Unresolved]) -> None:
        self.files = files
        self.reads: list[str] = []

    def has(self, path: str) -> bool:
        return path in self.files

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        content = self.files[path]
        if isinstance(content, Unresolved):
            raise content
        return content.encode()

    def paths(self, folder: str) -> Iterable[str]:
        return [path for path in self.files if not folder or path.startswith(f"{folder}/")]


class Web:
    allowed_hosts: Collection[str] = ("files.example.com",)

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes | None:
        self.asked.append(url)
        if url.endswith("/down"):
            raise Unresolved("it answers 503.")
        page = self.pages.get(url)
        return page.encode() if page is not None else None


def named(name: str, **changes: Any) -> str:
    return yaml.safe_dump(entity(metadata__name=name, **changes), sort_keys=False)


def location(name: str, *targets: str, **spec: Any) -> str:
    return yaml.safe_dump(
        entity("Location", metadata__name=name, spec={**spec, "targets": list(targets)}),
        sort_keys=False,
    )


def names(found: Walk) -> list[str]:
    return [read.name for read in found.documents]


def told(found: Walk) -> list[tuple[str, str, int | None]]:
    """Every problem of the documents and of the walk: level, sentence, line."""
    mine = [p for read in found.documents for p in read.problems]
    return [(p.level.value, p.message, p.line) for p in [*mine, *found.problems]]


def test_locations_are_followed_in_order_and_each_file_is_read_once() -> None:
    source = Files(
        {
            "all.yaml": location(
                "all", "./teams/a.yaml", "teams/b.yaml", "./teams/../teams/a.yaml"
            ),
            "teams/a.yaml": named("a") + "---\n" + location("back", "../all.yaml", "./b.yaml"),
            "teams/b.yaml": named("b"),
        }
    )

    found = walk(source, "all.yaml")

    assert names(found) == ["all", "a", "back", "b"]
    assert told(found) == []
    assert source.reads == ["all.yaml", "teams/a.yaml", "teams/b.yaml"]


def test_a_cycle_of_locations_ends() -> None:
    source = Files(
        {"a.yaml": location("a", "b.yaml"), "b.yaml": location("b", "./a.yaml", "b.yaml")}
    )

    assert names(walk(source, "a.yaml")) == ["a", "b"]


def test_a_target_that_is_not_there_is_told_at_its_line() -> None:
    text = location("all", "./a.yaml", "./gone.yaml", "services/*/a.yaml", presence="required")
    source = Files({"all.yaml": text, "a.yaml": named("a")})
    lines = text.splitlines()

    found = walk(source, "all.yaml")

    assert names(found) == ["all", "a"]
    assert found.documents[0].accepted
    assert told(found) == [
        ("error", "There is no file ./gone.yaml.", lines.index("  - ./gone.yaml") + 1),
        (
            "error",
            "There is no file services/*/a.yaml. Patterns are not read here; name each file.",
            lines.index("  - services/*/a.yaml") + 1,
        ),
    ]


def test_an_optional_target_may_be_missing() -> None:
    assert (
        told(
            walk(
                Files({"all.yaml": location("all", "./gone.yaml", presence="optional")}), "all.yaml"
            )
        )
        == []
    )


def test_targets_that_lead_out_are_refused_and_the_rest_is_read() -> None:
    text = location("all", "../x.yaml", "https://evil.example/a.yaml", "a.yaml")
    source = Files({"all.yaml": text, "a.yaml": named("a")})

    found = walk(source, "all.yaml")

    assert names(found) == ["all", "a"]
    assert told(found) == [
        ("warning", "../x.yaml is not read: it leads out of the repository.", 7),
        (
            "warning",
            (
                "https://evil.example/a.yaml is not read: the host evil.example is not allowed; the platform team "
                "may allow it."
            ),
            8,
        ),
    ]


def test_a_location_of_another_type_is_not_read() -> None:
    found = walk(
        Files({"all.yaml": location("all", "a.yaml", type="s3-discovery"), "a.yaml": named("a")}),
        "all.yaml",
    )

    assert names(found) == ["all"]
    assert told(found) == [
        ("warning", "a.yaml is not read: a Location of the type s3-discovery is not read here.", 8)
    ]


def test_an_allowed_host_is_asked_once_and_relative_targets_stay_there() -> None:
    web = Web(
        {
            "https://files.example.com/x/all.yaml": location(
                "remote", "./a.yaml", "/b.yaml", "./down"
            ),
            "https://files.example.com/x/a.yaml": named("a"),
        }
    )
    target = "https://files.example.com/x/all.yaml"
    source = Files({"all.yaml": location("all", target), "b.yaml": named("b")})

    found = walk(source, "all.yaml", fetcher=web)

    assert names(found) == ["all", "remote", "a"]
    assert [(level, message) for level, message, _ in told(found)] == [
        ("error", "There is no file /b.yaml."),
        ("error", "./down cannot be read: it answers 503."),
    ]
    assert list(found.unreadable) == ["https://files.example.com/x/down"]
    assert web.asked == [
        target,
        "https://files.example.com/x/a.yaml",
        "https://files.example.com/b.yaml",
        "https://files.example.com/x/down",
    ]


def test_a_pattern_is_for_the_entry() -> None:
    source = Files(
        {
            "services/b/c.yaml": named("b"),
            "services/a/c.yaml": named("a"),
            "services/c.yaml": named("c"),
        }
    )

    assert names(walk(source, "services/*/c.yaml")) == ["a", "b"]


def test_nothing_found_is_told() -> None:
    assert told(walk(Files({}), "services/*/c.yaml")) == [
        ("warning", "No file matches services/*/c.yaml.", None)
    ]
    assert told(walk(Files({}), "c.yaml")) == [("error", "There is no file c.yaml.", None)]


def test_a_file_that_cannot_be_read_does_not_stop_the_walk() -> None:
    source = Files({"a/c.yaml": Unresolved("permission denied."), "b/c.yaml": named("b")})

    found = walk(source, "*/c.yaml")

    assert names(found) == ["b"]
    assert told(found) == [("error", "a/c.yaml cannot be read: permission denied.", None)]


def test_the_last_good_location_is_followed_while_its_file_cannot_be_read() -> None:
    known = KnownLocation("location:default/all", "all.yaml", {"target": "a.yaml"})
    source = Files({"all.yaml": Unresolved("it is a link."), "a.yaml": named("a")})

    found = walk(source, "all.yaml", last_good=[known])

    assert names(found) == ["a"]
    assert [(path, p.message) for path, p in found.unreadable.items()] == [
        ("all.yaml", "all.yaml cannot be read: it is a link.")
    ]


def test_a_refused_document_is_not_followed() -> None:
    broken = location("my location", "a.yaml")

    found = walk(Files({"all.yaml": broken, "a.yaml": named("a")}), "all.yaml")

    assert [(read.name, read.accepted) for read in found.documents] == [("my location", False)]


@pytest.mark.parametrize("text", ["kind: [", location("my location", "a.yaml")])
def test_the_last_good_location_is_followed_while_its_file_is_broken(text: str) -> None:
    known = KnownLocation(
        "location:default/all", "all.yaml", {"targets": ["./a.yaml", "./gone.yaml"]}
    )

    found = walk(Files({"all.yaml": text, "a.yaml": named("a")}), "all.yaml", last_good=[known])

    assert [read.name for read in found.documents if read.accepted] == ["a"]


def test_a_location_that_was_taken_out_of_a_good_file_is_not_followed() -> None:
    known = KnownLocation("location:default/all", "all.yaml", {"targets": ["./a.yaml"]})

    found = walk(
        Files({"all.yaml": named("x"), "a.yaml": named("a")}), "all.yaml", last_good=[known]
    )

    assert names(found) == ["x"]


def test_placeholders_are_filled_in_from_the_same_repository() -> None:
    api = yaml.safe_dump(
        entity("API", metadata__name="pay", spec__definition={"$text": "../openapi.yaml"})
    )
    source = Files({"apis/pay.yaml": api, "openapi.yaml": "openapi: 3.1.0\n"})

    (read,) = walk(source, "apis/pay.yaml").documents

    assert read.spec_text("definition") == "openapi: 3.1.0\n"
    assert read.problems == ()


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("./gone.yaml", "there is no such file."),
        ("../../etc/passwd", "it leads out of the repository."),
        (
            "https://evil.example/x",
            "the host evil.example is not allowed; the platform team may allow it.",
        ),
    ],
)
def test_a_placeholder_that_cannot_be_filled_in_is_a_warning(where: str, reason: str) -> None:
    api = yaml.safe_dump(entity("API", spec__definition={"$text": where}), sort_keys=False)

    found = walk(Files({"pay.yaml": api}), "pay.yaml")

    assert found.documents[0].accepted
    assert told(found) == [("warning", f"$text: {where} is not filled in: {reason}", 10)]


def test_placeholders_of_one_file_share_its_limit() -> None:
    spec = {"a": {"$text": "big"}, "b": {"$text": "big"}, "c": {"$text": "big"}}
    thing = yaml.safe_dump(entity("Thing", spec=spec), sort_keys=False)
    source = Files({"thing.yaml": thing, "big": "x" * 200})

    found = walk(source, "thing.yaml", limits=Limits(max_bytes=500))

    assert found.documents[0].spec == {"a": "x" * 200, "b": "x" * 200, "c": {"$text": "big"}}
    assert told(found) == [
        (
            "warning",
            "$text: big is not filled in: with it, the file and what it names grow too large.",
            11,
        )
    ]


def test_the_number_of_files_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MAX_FILES", 2)
    source = Files({f"{n}/c.yaml": named(f"n{n}") for n in range(5)})

    found = walk(source, "*/c.yaml")

    assert names(found) == ["n0", "n1"]
    assert not found.complete
    assert told(found) == [
        ("error", "More than 2 files; the rest is not read. Register parts of it apart.", None)
    ]
