"""What a code host leaves out or writes otherwise is an error with words, never a KeyError."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import OutcomeUnknown, ServerError
from flagstone.forge.hosts.rest.fields import Fields

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def fields(values: Any, **more: Any) -> Fields:
    return Fields("forge.example", "pull request", values, **more)


@pytest.mark.parametrize(
    "value", ["2026-03-02T12:00:00Z", "2026-03-02T13:00:00+01:00", "2026-03-02T12:00:00",
              1772452800, "1772452800", "1772452800.000000", 1772452800.0],
)  # fmt: skip
def test_a_moment_is_read_however_the_host_writes_it(value: Any) -> None:
    assert fields({"at": value}).moment("at") == NOON


def test_the_empty_moment_of_programs_in_go_never_came() -> None:
    assert fields({"at": "0001-01-01T00:00:00Z"}).optional_moment("at") is None


def test_what_is_there_is_returned_in_its_type() -> None:
    read = fields({"title": "T", "number": 3, "draft": True, "labels": ["a"], "user": {"login": "ada"},
                   "reviews": [{"id": 1}, {"id": 2}], "closed_at": None})  # fmt: skip
    assert (read.text("title"), read.number("number"), read.flag("draft")) == ("T", 3, True)
    assert read.texts("labels") == ("a",)
    assert read.inner("user").text("login") == "ada"
    assert [each.number("id") for each in read.each("reviews")] == [1, 2]
    assert read.optional_moment("closed_at") is None
    assert (read.text("body", ""), read.texts("none"), list(read.each("none"))) == ("", (), [])
    assert (read.optional_text("title"), read.optional_text("body")) == ("T", None)
    assert read.inner("user").names() == ("login",)


@pytest.mark.parametrize(
    ("values", "method", "key"),
    [
        ({}, "text", "title"), ({"title": 3}, "text", "title"), ({"title": None}, "text", "title"),
        ({"number": True}, "number", "number"), ({"number": "3"}, "number", "number"),
        ({"user": "ada"}, "inner", "user"), ({"user": None}, "inner", "user"),
        ({"labels": [1]}, "texts", "labels"), ({"labels": {}}, "flag", "labels"),
        ({"at": "yesterday"}, "moment", "at"), ({"at": {}}, "moment", "at"), ({"at": 1e30}, "moment", "at"),
        ({"at": "0001-01-01T00:00:00+10:00"}, "moment", "at"), ({"at": "9999-12-31T23:59:59-10:00"}, "moment", "at"),
        ({"at": "0001-01-01T00:00:00Z"}, "moment", "at"), ({"at": "1969-12-31T23:59:59Z"}, "moment", "at"),
        ({"at": "3000-01-01T00:00:00Z"}, "optional_moment", "at"),
        ({"at": None}, "moment", "at"), ([], "text", "title"), ("<html>", "text", "title"), (None, "moment", "at"),
    ],
)  # fmt: skip
def test_row_41_what_is_missing_or_of_another_type_is_a_server_error(
    values: Any, method: str, key: str
) -> None:
    with pytest.raises(ServerError, match=r"forge\.example .*pull request"):
        getattr(fields(values), method)(key)


@pytest.mark.parametrize("values", [[], None, 3, "<html>"])
def test_row_41_what_is_no_object_has_no_names(values: Any) -> None:
    with pytest.raises(ServerError, match=r"forge\.example gave something else"):
        fields(values).names()


def test_row_41_an_unreadable_answer_to_a_write_leaves_its_outcome_unknown() -> None:
    with pytest.raises(OutcomeUnknown, match="without a usable “login”"):
        fields({"user": {}}, error=OutcomeUnknown).inner("user").text("login")
