"""A draft is a word before the title, which people never see."""

from __future__ import annotations

import pytest

from flagstone.forge.hosts.gitea.titles import bare_title, host_title, is_draft_title


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("WIP: Add it", "Add it"),
        ("wip:Add it", "Add it"),
        ("[WIP] Add it", "Add it"),
        ("Draft: Add it", "Add it"),
        ("WIP: [WIP] Add it", "Add it"),
    ],
)
def test_the_words_for_a_draft_are_known(title, bare):
    assert is_draft_title(title)
    assert bare_title(title) == bare


@pytest.mark.parametrize("title", ["Add WIP: it", "Wiping the disk", "Draft an ADR", ""])
def test_other_titles_are_left_alone(title):
    assert not is_draft_title(title)
    assert bare_title(title) == title


def test_what_the_host_is_given():
    assert host_title("Add\n  it", is_draft=True) == "WIP: Add it"
    assert host_title("[WIP] Add it", is_draft=True) == "WIP: Add it"
    assert host_title("WIP: Add it", is_draft=False) == "Add it"
