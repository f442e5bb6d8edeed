from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from flagstone.forge.errors import EmptyChange, InvalidPath
from flagstone.forge.git.changes import FileContent
from flagstone.forge.git.commits import (
    CommitMeta,
    Difference,
    Person,
    check_differences,
    fast_import_stream,
    parse_raw_differences,
)
from tests.forge.repositories import MIA, NOON, change_set, meta

NO_BLOB = "0" * 40


@pytest.mark.parametrize(
    ("_case", "name", "email", "stamp"),
    [
        ("plain", "Mia Wong", "mia@example.com", "Mia Wong <mia@example.com> 1772452800 +0000"),
        ("hostile", "Eve>\ncommitter X <", "e@x>\n", "Evecommitter X <e@x> 1772452800 +0000"),
        ("no name", "<>", "a@b", "unknown <a@b> 1772452800 +0000"),
        ("crud", " .Bob, Jr., ", " b @c", "Bob, Jr <b@c> 1772452800 +0000"),
    ],
)
def test_an_identity_cannot_break_out_of_its_line(
    _case: str, name: str, email: str, stamp: str
) -> None:
    assert Person(name, email).stamp(NOON) == stamp


def test_the_same_instant_gives_the_same_stamp_in_every_zone() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert MIA.stamp(elsewhere) == MIA.stamp(NOON)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        CommitMeta("s", "", MIA, datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_the_message_ends_with_our_trailers_alone() -> None:
    message = CommitMeta(
        subject="Add\ncheckout\0",
        body="Why.\r\n\r\nChange-Request-Id: forged\nSigned-off-by: Eve <e@x>\nNote: stays\n",
        author=MIA,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        trailers=(("Change-Request-Id", "123"), ("Requested-by", "Mia\nEvil: yes")),
    ).message()
    assert message == (
        "Add checkout\n\n"
        "Why.\n\n> Change-Request-Id: forged\n> Signed-off-by: Eve <e@x>\nNote: stays\n\n"
        "Change-Request-Id: 123\nRequested-by: Mia Evil: yes\n"
    )


def test_a_message_without_words_still_says_something() -> None:
    assert CommitMeta("", "", MIA, NOON).message() == "Change files\n"


def test_the_stream_quotes_paths_and_counts_bytes() -> None:
    changes = change_set({'a "b".txt': "ü\n", "gone": None})
    stream = fast_import_stream(changes, meta("Do"), ref="refs/x", base="f" * 40)
    assert stream.decode() == (
        "commit refs/x\nmark :1\n"
        "author Mia Wong <mia@example.com> 1772452800 +0000\n"
        "committer Flagstone <flagstone@noreply.invalid> 1772452800 +0000\n"
        "data 3\nDo\n"
        f"from {'f' * 40}\n"
        'M 100644 inline "a \\"b\\".txt"\ndata 3\nü\n\n'
        'D "gone"\n'
        "\nget-mark :1\ndone\n"
    )


def test_the_same_change_in_another_order_is_the_same_stream() -> None:
    one = fast_import_stream(change_set({"a": "1", "b": "2"}), meta(), ref="refs/x", base=None)
    two = fast_import_stream(change_set({"b": "2", "a": "1"}), meta(), ref="refs/x", base=None)
    assert one == two


def test_raw_differences_are_read_with_odd_names() -> None:
    output = (
        f":100644 100755 {'a' * 40} {'b' * 40} M\0x y\tz\0"
        f":000000 100644 {NO_BLOB} {'c' * 40} A\0ü\0"
    )
    assert parse_raw_differences(output.encode()) == [
        Difference("x y\tz", "100644", "100755", "b" * 40),
        Difference("ü", "000000", "100644", "c" * 40),
    ]


def test_no_difference_is_an_empty_change() -> None:
    with pytest.raises(EmptyChange):
        check_differences(change_set({"a": "1"}), parse_raw_differences(b""))


def test_the_meant_differences_pass_and_may_be_fewer_than_the_files() -> None:
    new = FileContent(b"1", executable=True)
    check_differences(
        change_set({"a": new, "same": "x", "old": None}),
        [
            Difference("a", "100644", "100755", new.blob_id),
            Difference("old", "100644", "000000", NO_BLOB),
        ],
    )


@pytest.mark.parametrize(
    ("difference", "reason"),
    [
        (Difference("a/deep", "100644", "000000", NO_BLOB), "also remove or replace 'a/deep'"),
        (
            Difference("a", "120000", "100644", FileContent(b"1").blob_id),
            "symbolic link or submodule",
        ),
        (Difference("a", "160000", "000000", NO_BLOB), "symbolic link or submodule"),
        (Difference("a", "100644", "100644", "d" * 40), "did not store 'a' as it was given"),
        (
            Difference("a", "100644", "100755", FileContent(b"1").blob_id),
            "did not store 'a' as it was given",
        ),
        (Difference("a", "100644", "000000", NO_BLOB), "did not store 'a' as it was given"),
    ],
)
def test_any_other_difference_is_refused(difference: Difference, reason: str) -> None:
    with pytest.raises(InvalidPath, match=reason):
        check_differences(change_set({"a": "1"}), [difference])
