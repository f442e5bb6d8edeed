"""Every payload of the corpus, against the table that says what each is about."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.corpora import SHARED, corpus
from tests.forge.hosts.webhooks import deliveries
from tests.forge.hosts.webhooks.deliveries import Delivery

_TABLE = SHARED / "corpora" / "webhooks" / "EVENTS.tsv"
_ABOUT_PULL_REQUESTS = (
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "merge_request",
    "pipeline",
)
_HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
_PUSHED = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"

# what the table does not tell, since its columns come from other places of a payload
_PULL_REQUESTS = {
    "gitea/testdata/webhooks/pull_request_comment_created.json": (2,),
    "check_run/completed.payload.json": (2,),
    "check_run/created.payload.json": (2,),
    "check_suite/completed.payload.json": (2,),
    "webhooks/note_merge_request.json": (1,),
    # its keys end in blanks
    "webhooks/group_merge_request.json": (1402,),
}
_COMMITS = {
    "check_run/completed.payload.json": (_HEAD,),
    "check_run/created.payload.json": (_HEAD,),
    "check_suite/completed.payload.json": (_HEAD,),
    "com/status/payload.json": (_PUSHED,),
    "com/status/with-author-committer-null.payload.json": (_PUSHED,),
    "webhooks/pipeline.json": ("bcbb5ec396a2c0f828686f14fac9b80b780504f2",),
}
# the table has the name for people, which is no path: "John Smith / release-tools-fake"
_REPOSITORIES = {"webhooks/job.json": "jsmithy2/release-tools-fake"}


def _rows() -> list[Mapping[str, str]]:
    if not _TABLE.is_file():
        return []
    with _TABLE.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def _told(table: Mapping[str, object], file: str) -> object | None:
    return next((value for end, value in table.items() if file.endswith(end)), None)


def delivery_of(row: Mapping[str, str], body: bytes) -> Delivery:
    if row["host"] == "github":
        return deliveries.github(body, row["event"])
    if row["host"] == "gitea":
        return deliveries.gitea(body, row["event"])
    return deliveries.gitlab(body)


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"].rpartition("__")[2])
def test_a_real_payload_is_read_as_the_table_says(row: Mapping[str, str]) -> None:
    file = row["file"]
    event = delivery_of(row, (corpus("webhooks") / file).read_bytes()).read()

    assert (event.event, event.action) == (row["event"], row["action"])
    assert event.repository == (_told(_REPOSITORIES, file) or row["repository"])
    is_branch = row["ref"].startswith("refs/heads/") or file.endswith("branch_create.json")
    branch = row["ref"].removeprefix("refs/heads/")
    assert event.branches == ((branch,) if is_branch else ())
    pushed = (row["after"],) if is_branch and row["after"] else ()
    assert event.commits == (_told(_COMMITS, file) or pushed)
    about_one = row["event"] in _ABOUT_PULL_REQUESTS and row["number"]
    numbers = (int(row["number"]),) if about_one else ()
    assert event.pull_requests == (_told(_PULL_REQUESTS, file) or numbers)
    assert event.is_repository_changed == (row["event"] == "repository")


def test_there_is_a_row_for_every_payload() -> None:
    folder = corpus("webhooks")
    named = {row["file"] for row in _rows()}
    assert len(named) == 97
    payloads = {
        str(file.relative_to(folder))
        for file in Path(folder).rglob("*.json")
        if "webhooks/api.github.com" in str(file) or file.parent.name in ("webhooks", "systemhooks")
    }
    assert payloads == named


@pytest.mark.parametrize(
    ("file", "former"),
    [
        ("repository/renamed.payload.json", "Octocoders/Hello-World"),
        ("repository/transferred.payload.json", "octocat/Hello-World"),
        ("repository/created.payload.json", ""),
    ],
)
def test_a_renamed_repository_is_told_with_its_former_name(file: str, former: str) -> None:
    path = corpus("webhooks") / "octokit__webhooks" / "api.github.com" / file
    event = deliveries.github(path.read_bytes(), "repository").read()
    assert event.repository == "Octocoders/Hello-World"
    assert event.former_name == former
    assert event.is_of_interest


def test_a_merged_pull_request_is_a_prompt_to_read_it() -> None:
    """No real payload of GitHub's tells of a merge: this is a closed one, changed into it."""
    folder = corpus("webhooks") / "octokit__webhooks" / "api.github.com"
    values = json.loads((folder / "pull_request" / "closed.payload.json").read_bytes())
    values["pull_request"] |= {
        "merged": True,
        "merged_at": "2019-05-15T15:21:02Z",
        "merge_commit_sha": _PUSHED,
    }
    event = deliveries.github(json.dumps(values).encode(), "pull_request").read()
    assert event.pull_requests == (2,)
    assert event.is_of_interest
