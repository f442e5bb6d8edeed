from __future__ import annotations

from typing import Any

import pytest

from flagstone.catalog.engine.targets import Refused, fixed_folder, lead, matching, targets_of

BASE = "teams/payments/catalog-info.yaml"
HOSTS = ("files.example.com", "git.example.com:8443")


@pytest.mark.parametrize(
    ("base", "target", "place"),
    [
        (BASE, "./a.yaml", "teams/payments/a.yaml"),
        (BASE, "a.yaml", "teams/payments/a.yaml"),
        (BASE, "sub/./x//a.yaml", "teams/payments/sub/x/a.yaml"),
        (BASE, "../quote/a.yaml", "teams/quote/a.yaml"),
        (BASE, "../../a.yaml", "a.yaml"),
        (BASE, "/root.yaml", "root.yaml"),
        ("all.yaml", "a.yaml", "a.yaml"),
        (BASE, "https://files.example.com/a.yaml", "https://files.example.com/a.yaml"),
        (BASE, "https://FILES.example.com:443/a", "https://FILES.example.com:443/a"),
        (BASE, "https://git.example.com:8443/a", "https://git.example.com:8443/a"),
        ("https://files.example.com/x/all.yaml", "./a.yaml", "https://files.example.com/x/a.yaml"),
        ("https://files.example.com/x/all.yaml", "../a.yaml", "https://files.example.com/a.yaml"),
    ],
)
def test_a_target_leads_to_a_place(base: str, target: str, place: str) -> None:
    assert lead(base, target, HOSTS) == place


@pytest.mark.parametrize(
    ("base", "target", "words"),
    [
        (BASE, "../../../a.yaml", "it leads out of the repository."),
        (BASE, "/../etc/passwd", "it leads out of the repository."),
        (BASE, "..\\..\\a.yaml", "a path may hold no backslash, line break or NUL."),
        (BASE, "a\0.yaml", "a path may hold no backslash, line break or NUL."),
        (BASE, "../..", "it names no file."),
        (
            BASE,
            "https://evil.example/a",
            "the host evil.example is not allowed; the platform team may allow it.",
        ),
        (
            BASE,
            "https://files.example.com.evil.example/a",
            "the host files.example.com.evil.example is not allowed; ",
        ),
        (BASE, "https://git.example.com/a", "the host git.example.com is not allowed; "),
        (BASE, "http://files.example.com/a", "only https addresses are read."),
        (BASE, "file:///etc/passwd", "only https addresses are read."),
        (BASE, "https://me:secret@files.example.com/a", "an address may hold no name or password."),
        (BASE, "https://files.example.com:99999/", "it is not a valid address."),
        (
            "https://files.example.com/a",
            "https://evil.example/a",
            "the host evil.example is not allowed; ",
        ),
        (
            "https://files.example.com/a",
            "//evil.example/a",
            "the host evil.example is not allowed; ",
        ),
    ],
)
def test_a_target_that_leads_out_is_refused(base: str, target: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        lead(base, target, HOSTS)

    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("spec", "targets"),
    [
        ({}, []),
        ({"target": "a"}, ["a"]),
        ({"targets": ["b", "a", "b"]}, ["b", "a"]),
        ({"target": "c", "targets": ["a", "c"]}, ["c", "a"]),
        ({"target": {"$text": "x"}, "targets": [1, "a"]}, ["a"]),
    ],
)
def test_targets_in_the_order_written(spec: dict[str, Any], targets: list[str]) -> None:
    assert targets_of(spec) == targets


PATHS = [
    "catalog-info.yaml",
    "services/quote/catalog-info.yaml",
    "services/checkout/catalog-info.yaml",
    "services/checkout/deep/catalog-info.yaml",
    "services/catalog-info.yaml",
    "services/checkout/catalog-info.yaml.orig",
    "services+/checkout/catalog-info.yaml",
]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("services/*/catalog-info.yaml", [PATHS[2], PATHS[1]]),
        ("services/**/catalog-info.yaml", [PATHS[4], PATHS[2], PATHS[3], PATHS[1]]),
        ("**/catalog-info.yaml", [PATHS[0], PATHS[6], PATHS[4], PATHS[2], PATHS[3], PATHS[1]]),
        ("*/catalog-info.yaml", [PATHS[4]]),
        ("services/qu?te/*.yaml", [PATHS[1]]),
        ("services/c*t/*", [PATHS[2], PATHS[5]]),
        ("nowhere/*", []),
    ],
)
def test_a_pattern_matches_paths_sorted(pattern: str, found: list[str]) -> None:
    assert matching(pattern, PATHS) == found


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("services/*/a.yaml", "services"),
        ("a/b/*.yaml", "a/b"),
        ("*.yaml", ""),
        ("**/a", ""),
        ("a/b?/c", "a"),
    ],
)
def test_the_folder_that_a_pattern_cannot_leave(pattern: str, folder: str) -> None:
    assert fixed_folder(pattern) == folder
