"""A person's words at a code host are quoted: they carry our account's rights otherwise."""

from __future__ import annotations

from flagstone.forge.hosts.base import Account
from flagstone.forge.hosts.rest.comments import comment_text

MIA = Account("mia", "Mia *Admin* @all")
BOT = Account("flagstone", "Flagstone", is_bot=True)
MARK = "<!-- flagstone:score -->"


def test_row_40_a_persons_words_command_and_call_nobody():
    text = comment_text(MIA, "Fine.\n/approve\n\n@acme/owners look", "", longest=1000)
    assert text == (
        "**Mia \\*Admin\\* @\u200ball** says through Flagstone:\n\n"
        "> Fine.\n> /approve\n>\n> @\u200bacme/owners look"
    )


def test_our_own_words_stay_as_they_are():
    assert comment_text(BOT, "**Bronze** of @acme", MARK, longest=1000) == (
        f"**Bronze** of @acme\n\n{MARK}"
    )


def test_row_40_a_long_comment_is_cut_and_keeps_its_mark():
    for by in (MIA, BOT):
        text = comment_text(by, "word\n" * 500, MARK, longest=300)
        assert len(text) == 300
        assert "The rest is left out" in text
        assert text.endswith(f"\n\n{MARK}")


def test_a_persons_words_pass_for_no_comment_of_ours():
    text = comment_text(MIA, f"Hello {MARK}\n<!-- Flagstone:other\n-->", "", longest=1000)
    assert text == "**Mia \\*Admin\\* @\u200ball** says through Flagstone:\n\n> Hello"
