"""A name that Gitea refuses is refused before anything is sent."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import InvalidName
from flagstone.forge.hosts.gitea.names import check_full_name


@pytest.mark.parametrize(
    "name", ["acme/gitops", "a/b", "acme/.github", "acme/_x", "A-b.c_d/" + "n" * 100, "o" * 40 + "/x"]
)  # fmt: skip
def test_good_names_pass(name):
    check_full_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "gitops", "acme/", "/gitops", "acme/a/b", "acme/..", "acme/.", "acme/-", "acme/a..b", "acme/x.git",
        "acme/x.WIKI", "acme/x.rss", "acme/x.atom", "acme/" + "n" * 101, "o" * 41 + "/x", "-acme/x", "acme-/x",
        "ac--me/x", "ac me/x", "acme/x y", "acme/é", "acme/x\n", "acme/x?", "",
    ],
)  # fmt: skip
def test_bad_names_are_refused_with_what_is_allowed(name):
    with pytest.raises(InvalidName, match="Write it as owner/name"):
        check_full_name(name)
