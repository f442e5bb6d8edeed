"""What a project can be called is known before GitLab is asked."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import InvalidName


@pytest.mark.parametrize(
    "name",
    ["acme/tools", "acme/payments/checkout", "a/b", "_acme/t.o-o_ls", "acme/x1", "/".join(["g"] * 21)],
)  # fmt: skip
def test_names_that_gitlab_takes(forge, name):
    forge.check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "tools", "acme/", "/tools", "acme//tools", "acme/-tools", "acme/tools.", "acme/.tools",
        "acme/tools.git", "acme/tools.atom", "acme/to..ols", "acme/to ols", "acme/tööls", "acme/new",
        "acme/Wikis", "acme/tools\n", "acme/../x", "acme/" + "x" * 256, "/".join(["g"] * 22), "acme/a%2fb",
    ],
)  # fmt: skip
def test_names_that_it_does_not_take(forge, stand_in, name):
    with pytest.raises(InvalidName, match="Write it as group/name or group/subgroup/name"):
        forge.check_name(name)
    assert stand_in.server.requests == []
