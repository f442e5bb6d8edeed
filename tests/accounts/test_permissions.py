"""The ladder of roles."""

from __future__ import annotations

import itertools

import pytest

from flagstone.accounts.permissions import may, require
from flagstone.accounts.roles import Role, rights_of
from flagstone.core.errors import Forbidden


def test_each_role_has_every_right_of_the_roles_below_it():
    rights = [rights_of(role) for role in Role]
    assert all(lower < higher for lower, higher in itertools.pairwise(rights))


@pytest.mark.parametrize(
    ("right", "lowest"),
    [
        ("catalog.read", Role.VIEWER),
        ("scaffolding.create", Role.MEMBER),
        ("scorecards.approve_exemption", Role.SQUAD_LEAD),
        ("audit.read", Role.PLATFORM_ADMIN),
    ],
)
def test_a_right_begins_at_its_role(right, lowest):
    assert [right in rights_of(role) for role in Role] == [
        list(Role).index(r) >= list(Role).index(lowest) for r in Role
    ]


def test_a_person_without_the_right_is_told_what_it_needs(stranger):
    with pytest.raises(
        Forbidden, match=r"sam \(Viewer\) may not do this: it needs the role Member or above"
    ):
        require(stranger, "scaffolding.create")


def test_somebody_who_left_may_nothing(admin_user):
    admin_user.is_active = False
    assert not may(admin_user, "catalog.read")
