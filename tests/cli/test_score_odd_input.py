"""`flagstone score` of what people and machines leave in folders: a sentence for each, no crash, no hang."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import DEPLOYMENT, Run

Command = Callable[..., Run]
LARGE = 4_900_000  # characters: just below what is read of one file


def found(run: Command, folder: Path) -> dict[str, Any]:
    done = run("score", folder, "-f", "json")
    assert (done.status, done.err) == (0, "")
    data: dict[str, Any] = json.loads(done.out)
    assert not [
        (service["name"], check["id"], check["summary"])
        for service in data["services"]
        for check in service["checks"]
        if check["state"] == "error"
    ]
    return data


def skipped(data: dict[str, Any]) -> dict[str, str]:
    return {each["path"]: each["reason"] for each in data["input"]["skipped"]}


def names(data: dict[str, Any]) -> list[str]:
    return [service["name"] for service in data["services"]]


def test_only_broken_yaml(run: Command, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [1\nb: }\n")
    (tmp_path / "b.yaml").write_text("\t- x: {\n")

    text = run("score", tmp_path).out
    assert "  not read    2 files, so nothing in them counts:\n    a.yaml\n      line 2: " in text
    assert names(found(run, tmp_path)) == []


def test_encodings(run: Command, tmp_path: Path) -> None:
    (tmp_path / "utf16.yaml").write_bytes(DEPLOYMENT.encode("utf-16"))
    (tmp_path / "bom.yaml").write_bytes(DEPLOYMENT.replace("checkout", "quote").encode("utf-8-sig"))
    (tmp_path / "latin.yaml").write_bytes(f"# \xe9\n{DEPLOYMENT}".encode("latin-1"))
    (tmp_path / "utf32.yaml").write_bytes(DEPLOYMENT.encode("utf-32"))
    (tmp_path / "catalog-info.yaml").write_bytes(os.urandom(99) + b"\0\xff")

    data = found(run, tmp_path)
    assert names(data) == ["checkout", "quote"]
    assert skipped(data) == {
        "catalog-info.yaml": "binary, not text",
        "latin.yaml": "not text in UTF-8 or UTF-16",
        "utf32.yaml": "binary, not text",
    }


def test_links_that_go_in_circles_and_what_is_no_file(run: Command, tmp_path: Path) -> None:
    folder = tmp_path / "gitops"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.yaml").write_text(DEPLOYMENT)
    (folder / "self").symlink_to(".")
    (folder / "inner" / "up").symlink_to("../../gitops")
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    (folder / "out.yaml").symlink_to("/etc/hostname")
    (folder / "again.yaml").symlink_to("a.yaml")
    os.mkfifo(folder / "pipe.yaml")

    data = found(run, folder)
    assert names(data) == ["checkout"]
    assert skipped(data) == {
        "self": "a link to a folder, which is read at its own place",
        "inner/up": "a link to a folder, which is read at its own place",
        "one": "a link that leads nowhere or in a circle",
        "two": "a link that leads nowhere or in a circle",
        "out.yaml": "a link that leads out of the folder",
        "again.yaml": "a link to another file here, which is read at its own place",
        "pipe.yaml": "neither a file nor a folder",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", f"# {'x' * LARGE}\n{DEPLOYMENT}"),
        ("a.json", '{"a": "' + "x" * LARGE + '"}'),
        ("runbook.md", "# " + "x " * (LARGE // 2)),
        ("CODEOWNERS", "*" * LARGE + " @x\n"),
        ("main.tf", 'resource "aws_synthetics_canary" "x" { name = "' + "x" * LARGE + '" }\n'),
        (".github/workflows/ci.yaml", 'on: push\njobs: {a: {steps: [{run: "' + "echo; " * 800_000 + '"}]}}\n'),
        ("dash.json", '{"schemaVersion": 1, "panels": [{"targets": [{"expr": "' + "x+" * 2_000_000 + '1"}]}]}'),
    ],
)  # fmt: skip
def test_a_line_of_five_megabytes(run: Command, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "all.yaml").write_text(DEPLOYMENT)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)

    assert "checkout" in names(found(run, tmp_path))


def test_a_file_over_the_limit_is_named(run: Command, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x" * 6_000_000)
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 2_000_000)

    assert skipped(found(run, tmp_path)) == {
        "a.yaml": "larger than 5 MB",
        "deep.yaml": "line 1: nested more than 100 levels deep",
    }


def test_many_documents_in_one_file(run: Command, tmp_path: Path) -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n"
    (tmp_path / "all.yaml").write_text("---\n".join(one % number for number in range(10_000)))

    assert found(run, tmp_path)["input"]["documents"] == 10_000


def test_of_very_many_services_the_worst_are_shown(run: Command, tmp_path: Path) -> None:
    texts = [DEPLOYMENT.replace("checkout", f"s{number:03}") for number in range(104)]
    (tmp_path / "all.yaml").write_text("---\n".join(texts))
    (tmp_path / "card.yaml").write_text(
        "apiVersion: flagstone.dev/v1\nkind: Scorecard\nmetadata: {name: m, title: M}\n"
        "spec: {levels: [a], checks: [{id: PB-02, level: a}]}\n"
    )
    options = ("score", tmp_path / "all.yaml", "--scorecard", tmp_path / "card.yaml")

    text = run(*options).out
    assert "\n... and 4 more: --all (services of which nothing worse is said)\n" in text
    assert "s099" in text
    assert "s100" not in text
    assert "s103" in run(*options, "--all").out


def test_of_more_than_fifty_thousand_files_the_rest_is_said_to_be_unread(
    run: Command, tmp_path: Path
) -> None:
    (tmp_path / "000.yaml").write_text(DEPLOYMENT)
    for number in range(50_000):
        if number % 1000 == 0:
            (tmp_path / f"{number // 1000:03}").mkdir()
        (tmp_path / f"{number // 1000:03}" / f"{number}.txt").touch()

    data = found(run, tmp_path)
    assert names(data) == ["checkout"]
    assert data["input"]["files"] == 50_000
    assert skipped(data) == {
        "049/49999.txt": "more than 50,000 files; from here on nothing was read"
    }
