"""Row 36 of the fault matrix, its pure part: what is not signed as it should be is refused, and in one way."""

from __future__ import annotations

import base64
import json
import tracemalloc
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.forge.hosts.events import BadSignature, UnreadableEvent
from flagstone.forge.hosts.payloads import form_payload
from tests.forge.hosts.webhooks import deliveries
from tests.forge.hosts.webhooks.deliveries import NOW, SECRET, Delivery

BODY = json.dumps(
    {
        "repository": {"full_name": "acme/payments"},
        "action": "opened",
        "pull_request": {"number": 7, "title": "Größer"},
    },
    ensure_ascii=False,
).encode()
GITLAB_BODY = json.dumps(
    {
        "object_kind": "merge_request",
        "project": {"path_with_namespace": "acme/payments"},
        "object_attributes": {"iid": 7},
    }
).encode()
PAGURE_BODY = json.dumps(
    deliveries.pagure_message("pull-request.new", pullrequest={"id": 7})
).encode()


def each_kind(secret: str = SECRET) -> dict[str, Delivery]:
    return {
        "github": deliveries.github(BODY, "pull_request", secret=secret),
        "gitea": deliveries.gitea(BODY, "pull_request", secret=secret),
        "forgejo": deliveries.gitea(BODY, "pull_request", maker="Forgejo", secret=secret),
        "gitlab": deliveries.gitlab(GITLAB_BODY, token=secret),
        "gitlab-signed": deliveries.signed_gitlab(GITLAB_BODY, secret=secret),
        "pagure": deliveries.pagure(PAGURE_BODY, secret=secret),
    }


KINDS = sorted(each_kind())
# GitLab's token proves who sends, not what
SIGNED_KINDS = [kind for kind in KINDS if kind != "gitlab"]
_PROOFS = (
    "x_hub_signature_256",
    "x_gitea_signature",
    "x_forgejo_signature",
    "x_gitlab_token",
    "webhook_signature",
    "x_pagure_signature_256",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_delivery_is_read(kind: str) -> None:
    event = each_kind()[kind].read()
    assert (event.repository, event.pull_requests) == ("acme/payments", (7,))
    assert event.is_of_interest


@pytest.mark.parametrize("kind", KINDS)
def test_row_36_another_secrets_signature_is_refused(kind: str) -> None:
    with pytest.raises(BadSignature):
        each_kind("another secret")[kind].read()


@pytest.mark.parametrize("kind", KINDS)
def test_row_36_a_missing_signature_is_refused(kind: str) -> None:
    with pytest.raises(BadSignature):
        each_kind()[kind].but(**dict.fromkeys(_PROOFS)).read()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["", " ", "sha256=", "v1,", "ü", "\udcff", "0" * 64])
def test_row_36_an_empty_or_odd_signature_is_refused(kind: str, value: str) -> None:
    delivery = each_kind()[kind]
    there = [name for name in _PROOFS if name.replace("_", "-") in map(str.lower, delivery.headers)]
    with pytest.raises(BadSignature):
        delivery.but(**dict.fromkeys(there, value)).read()


@pytest.mark.parametrize("kind", SIGNED_KINDS)
def test_row_36_a_changed_body_is_refused(kind: str) -> None:
    delivery = each_kind()[kind]
    with pytest.raises(BadSignature):
        delivery.but(body=delivery.body.replace(b"payments", b"pavments")).read()
    with pytest.raises(BadSignature):
        delivery.but(body=delivery.body + b" ").read()


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_says_the_same(kind: str) -> None:
    delivery = each_kind()[kind]
    said = set()
    for refused in (delivery.but(**dict.fromkeys(_PROOFS)), each_kind("other")[kind]):
        with pytest.raises(BadSignature) as caught:
            refused.read()
        said.add((caught.value.message, caught.value.code, str(caught.value.params)))
    assert len(said) == 1
    assert SECRET not in str(said)


@pytest.mark.parametrize("kind", KINDS)
def test_the_old_and_the_new_secret_are_good_during_rotation(kind: str) -> None:
    delivery = each_kind()[kind]
    assert delivery.read("new secret", SECRET) == delivery.read(SECRET, "new secret")
    with pytest.raises(BadSignature):
        delivery.read("new secret", "newer secret")


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_secret_proves_nothing(kind: str) -> None:
    delivery = each_kind("")[kind]
    if kind == "gitlab-signed":
        delivery = deliveries.signed_gitlab(GITLAB_BODY, secret="")
    with pytest.raises(BadSignature):
        delivery.read("")


@pytest.mark.parametrize("kind", KINDS)
def test_header_names_are_known_in_any_case(kind: str) -> None:
    delivery = each_kind()[kind]
    shouted = Delivery(
        delivery.kind,
        {name.upper(): value for name, value in delivery.headers.items()},
        delivery.body,
    )
    assert shouted.read() == delivery.read()


def test_the_first_signature_of_gitea_decides_alone() -> None:
    good = deliveries.gitea(BODY, "pull_request")
    with pytest.raises(BadSignature):
        good.but(x_gitea_signature="0" * 64).read()
    with pytest.raises(BadSignature):
        good.but(x_forgejo_signature="0" * 64).read()
    assert good.but(x_hub_signature_256="sha256=0").read() == good.read()
    assert good.but(x_gitea_signature=None).read() == good.read()


def test_a_signature_of_github_does_not_pass_at_pagure_or_without_its_prefix() -> None:
    body_signature = deliveries.hex_signature(PAGURE_BODY)
    with pytest.raises(BadSignature):
        deliveries.pagure(PAGURE_BODY).but(
            x_pagure_signature_256=None, x_hub_signature_256=f"sha256={body_signature}"
        ).read()
    with pytest.raises(BadSignature):
        deliveries.github(BODY, "push").but(
            x_hub_signature_256=deliveries.hex_signature(BODY)
        ).read()


@pytest.mark.parametrize("seconds", [-301, 301, -86400])
def test_row_36_a_stale_or_future_timestamp_is_refused(seconds: int) -> None:
    sent = NOW + timedelta(seconds=seconds)
    with pytest.raises(BadSignature):
        deliveries.signed_gitlab(GITLAB_BODY, at=sent).read()


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    sent = NOW + timedelta(seconds=seconds)
    assert deliveries.signed_gitlab(GITLAB_BODY, at=sent).read().pull_requests == (7,)


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1e9", "\N{FULLWIDTH DIGIT NINE}", "9" * 400, None]
)
def test_a_timestamp_that_is_none_is_refused(value: str | None) -> None:
    with pytest.raises(BadSignature):
        deliveries.signed_gitlab(GITLAB_BODY).but(webhook_timestamp=value).read()


def test_row_36_another_timestamp_or_id_than_the_signed_one_is_refused() -> None:
    good = deliveries.signed_gitlab(GITLAB_BODY)
    later = str(int(NOW.timestamp()) + 1)
    with pytest.raises(BadSignature):
        good.but(webhook_timestamp=later).read()
    with pytest.raises(BadSignature):
        good.but(webhook_id="msg_another").read()


def test_a_signature_of_gitlab_decides_alone() -> None:
    """Who knows the token, which travels, does not get past a signature, which does not."""
    forged = deliveries.signed_gitlab(GITLAB_BODY, secret="another").but(x_gitlab_token=SECRET)
    with pytest.raises(BadSignature):
        forged.read()


def test_gitlabs_signing_token_is_base64_behind_its_prefix() -> None:
    key = bytes(range(32))
    secret = "whsec_" + base64.b64encode(key).decode()
    delivery = deliveries.signed_gitlab(GITLAB_BODY, key=key)
    assert delivery.read(secret).pull_requests == (7,)
    with pytest.raises(BadSignature):
        delivery.read("whsec_" + base64.b64encode(b"another").decode())
    with pytest.raises(BadSignature):
        delivery.read("whsec_no base64!")
    with pytest.raises(BadSignature):
        delivery.read("whsec_")


def test_one_of_several_signatures_of_gitlab_is_enough() -> None:
    good = deliveries.signed_gitlab(GITLAB_BODY)
    value = good.headers["webhook-signature"]
    assert good.but(webhook_signature=f"v1a,AAAA v1,AAAA {value}").read() == good.read()
    with pytest.raises(BadSignature):
        good.but(webhook_signature=value.replace("v1,", "v2,")).read()


def test_a_form_of_github_is_signed_as_it_came() -> None:
    carrier = deliveries.form(BODY)
    good = deliveries.github(carrier, "pull_request").but(content_type=deliveries.FORM)
    assert good.read().pull_requests == (7,)
    with pytest.raises(BadSignature):
        deliveries.github(BODY, "pull_request").but(
            body=carrier, content_type=f"{deliveries.FORM}; charset=utf-8"
        ).read()


@pytest.mark.parametrize("kind", ["gitea", "pagure"])
def test_a_form_of_gitea_or_pagure_carries_what_is_signed(kind: str) -> None:
    if kind == "gitea":
        good = deliveries.gitea(BODY, "pull_request", carrier=deliveries.form(BODY))
    else:
        good = deliveries.pagure(PAGURE_BODY, carrier=deliveries.form(PAGURE_BODY))
    assert good.read().pull_requests == (7,)
    with pytest.raises(BadSignature):
        good.but(body=good.body.replace(b"acme", b"evil")).read()
    with pytest.raises(BadSignature):
        good.but(body=b"payload=%7B%7D&" + good.body).read()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'"x"'])
def test_what_is_signed_and_no_json_object_is_unreadable(body: bytes) -> None:
    for delivery in (
        deliveries.github(body, "push"),
        deliveries.gitea(body, "push"),
        deliveries.gitlab(body),
        deliveries.pagure(body),
    ):
        with pytest.raises(UnreadableEvent):
            delivery.read()


@pytest.mark.parametrize("body", [b"", b"payload", b"other=1", b"payload=%ff", b"&" * 1000])
def test_a_signed_form_without_a_payload_is_unreadable(body: bytes) -> None:
    for delivery in (
        deliveries.github(body, "push"),
        deliveries.gitea(body, "push"),
        deliveries.pagure(body),
    ):
        with pytest.raises(UnreadableEvent):
            delivery.but(content_type=deliveries.FORM).read()


@pytest.mark.parametrize("kind", ["gitea", "pagure"])
@pytest.mark.parametrize("written", ["%41", "a%41", "%C3%A9", "=", "%", "&"])
def test_a_form_that_nobody_signed_costs_little(kind: str, written: str) -> None:
    # of each sign an object, as urllib makes them, is thirty times the body
    body = (b"payload=" + written.encode() * 500_000)[:500_000]
    signed = getattr(deliveries, kind)(BODY, *(["push"] if kind == "gitea" else []))
    unsigned = signed.but(body=body, content_type=deliveries.FORM)
    tracemalloc.start()
    try:
        with pytest.raises(BadSignature):
            unsigned.read()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * len(body)


@settings(max_examples=200)
@given(st.binary(min_size=1))
def test_a_form_gives_back_what_went_in(body: bytes) -> None:
    assert form_payload(urlencode({"other": 1, "payload": body}).encode()) == body
    assert form_payload(urlencode({"payload": body}, quote_via=quote).encode()) == body
