from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.forms import Field, FieldKind, Form, Page
from flagstone.scaffolding.errors import AnswersInvalid
from flagstone.scaffolding.picking import kinds_of, require_known_entities

pytestmark = pytest.mark.django_db


def form(kind: FieldKind, **options) -> Form:
    return Form((Page("", "", (Field("it", kind, "Squad", {}, options=options),)),))


STRICT = {"catalogFilter": {"kind": "Group"}, "allowArbitraryValues": False}


@pytest.fixture(autouse=True)
def _catalogue(register_service):
    register_service("payments", kind="Group")
    register_service("checkout", kind="Component")
    register_service("mia", kind="User")


@pytest.mark.parametrize(
    ("kind", "options", "answer"),
    [
        (FieldKind.OWNER, STRICT, "group:default/payments"),
        (FieldKind.OWNER, STRICT, "payments"),
        (FieldKind.OWNER, STRICT, "Group:Default/Payments"),
        (FieldKind.OWNER, {"allowArbitraryValues": False}, "user:mia"),
        (FieldKind.ENTITY, {"allowArbitraryValues": False}, "component:checkout"),
        (FieldKind.ENTITIES, STRICT, ["payments", "group:payments"]),
        (FieldKind.OWNER, {}, "group:default/nobody-knows"),
        (FieldKind.OWNER, STRICT, None),
        (FieldKind.TEXT, STRICT, "anything at all"),
    ],
)
def test_what_may_be_picked(kind, options, answer):
    require_known_entities(form(kind, **options), {"it": answer})


@pytest.mark.parametrize(
    ("kind", "options", "answer", "fault"),
    [
        (FieldKind.OWNER, STRICT, "nobody", "the catalogue has no group:default/nobody"),
        (FieldKind.OWNER, STRICT, "component:checkout", "component:default/checkout is no Group"),
        (
            FieldKind.OWNER,
            {"allowArbitraryValues": False},
            "component:checkout",
            "component:default/checkout is no Group or User",
        ),
        (FieldKind.ENTITIES, STRICT, ["payments", "x"], "the catalogue has no group:default/x"),
        (
            FieldKind.ENTITY,
            {},
            "checkout",
            'The reference "checkout" does not say of what kind it is',
        ),
    ],
)
def test_what_may_not(kind, options, answer, fault):
    with pytest.raises(AnswersInvalid) as caught:
        require_known_entities(form(kind, **options), {"it": answer})
    assert caught.value.faults["it"][0].startswith(fault)
    assert caught.value.message.startswith(f"Squad: {fault}")


@pytest.mark.parametrize(
    ("kind", "options", "kinds"),
    [
        (FieldKind.OWNER, {}, ["Group", "User"]),
        (FieldKind.ENTITY, {}, []),
        (FieldKind.ENTITY, {"catalogFilter": {"kind": "System"}}, ["System"]),
        (FieldKind.ENTITY, {"catalogFilter": [{"kind": "API"}, {"kind": ["Group", "User"]}]}, ["API", "Group", "User"]),
        (FieldKind.ENTITY, {"catalogFilter": {"spec.type": "squad"}}, []),
    ],
)  # fmt: skip
def test_which_kinds_a_picker_offers(kind, options, kinds):
    assert kinds_of(form(kind, **options).fields[0]) == kinds
