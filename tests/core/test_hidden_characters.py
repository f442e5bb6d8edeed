"""What steers, turns around or hides text is written out; everything else stays as it is."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from flagstone.core.hidden_characters import on_one_line, written_out


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[2Jb", "a⟨U+001B⟩[2Jb"),
        ("a\x00b\x9bc\x7f", "a⟨U+0000⟩b⟨U+009B⟩c⟨U+007F⟩"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("a\u2066b\u2069", "a⟨U+2066⟩b⟨U+2069⟩"),
        ("check\u200bout", "check⟨U+200B⟩out"),
        ("check\u200dout", "check⟨U+200D⟩out"),
        ("a\u2028b\u2029c\x85d", "a⟨U+2028⟩b⟨U+2029⟩c⟨U+0085⟩d"),
        ("x\U000e0041", "x⟨U+E0041⟩"),
        ("a\u3164b", "a⟨U+3164⟩b"),
        ("a\udc80b", "a⟨U+DC80⟩b"),
        ("over\rwritten", "over⟨U+000D⟩written"),
    ],
)
def test_hidden_characters_are_written_out(text: str, seen: str) -> None:
    assert written_out(text) == seen
    assert on_one_line(text) == seen


@pytest.mark.parametrize(
    "text",
    [
        "services/checkout/deployment.yaml",
        "a\tb\r\nc\nd\r",
        "Zahlungsüberprüfung, 決済, оплата, תשלום",
        "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}",
        "क्\u200dष",
        "❤\ufe0f",
    ],
)
def test_what_shows_stays(text: str) -> None:
    assert written_out(text) == text


def test_a_name_is_one_line() -> None:
    assert on_one_line("a\tb\r\nc") == "a⟨U+0009⟩b⟨U+000D⟩⟨U+000A⟩c"


def test_no_character_of_the_hidden_categories_is_forgotten() -> None:
    """Python's own table of Unicode is the judge, so a newer one may teach us new ones."""
    stays = {"\t", "\n", "\r", "\u200c", "\u200d"}
    hidden = (chr(code) for code in range(sys.maxunicode + 1))
    forgotten = [
        f"U+{ord(letter):04X}"
        for letter in hidden
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and letter not in stays
        and written_out(f"\u4e00{letter}\u4e00") == f"\u4e00{letter}\u4e00"
    ]
    assert forgotten == []
