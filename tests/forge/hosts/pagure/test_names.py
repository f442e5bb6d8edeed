from __future__ import annotations

import pytest

from flagstone.forge.errors import InvalidName
from flagstone.forge.hosts.pagure.names import check_full_name, git_name, is_fork, may_own, path_of


@pytest.mark.parametrize(
    "name", ["tools", "acme/tools", "fork/ada/tools", "fork/ada/acme/tools", "_x", "c++", "a.b-c_d"]
)
def test_names_that_may_be(name: str) -> None:
    check_full_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "/", "a/", "/a", "a/b/c", "a b", "../x", ".x", "-x", "x.git", "acme/x.GIT", "new", "projects",
        "user/ada", "group/x", "fork/x", "fork/../a", "fork/a/b/c/d", "a?b", "a#b", "a\n", "ä", "a" * 101,
    ],
)  # fmt: skip
def test_names_that_are_refused_with_what_may_be(name: str) -> None:
    with pytest.raises(InvalidName, match="Write it as name or namespace/name"):
        check_full_name(name)


def test_a_name_in_addresses_and_for_git() -> None:
    assert path_of("acme/c++", "c", "ab") == "/acme/c%2B%2B/c/ab"
    assert git_name("acme/tools") == "acme/tools"
    assert git_name("fork/ada/acme/tools") == "forks/ada/acme/tools"
    assert [is_fork(name) for name in ("fork/a/b", "fork/a", "forks/a/b", "a/fork/b")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert (may_own("ada"), may_own("!ada"), may_own("a/b"), may_own("")) == (
        True,
        False,
        False,
        False,
    )
