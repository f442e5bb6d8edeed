"""Whatever arrives, signed or not: an event, or one of the two errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flagstone.forge.hosts.events import BadSignature, UnreadableEvent, WebhookEvent
from tests.forge.hosts.webhooks import deliveries
from tests.forge.hosts.webhooks.deliveries import NOW, READERS, SECRET, Delivery

pytestmark = pytest.mark.slow

_OF_EVENTS = [
    "action", "after", "base", "branch", "changes", "check_run", "commit_hash", "end_commit", "event_name",
    "flag", "from", "full_name", "git_ssh_url", "head_sha", "id", "iid", "is_pull", "issue", "login",
    "merge_request", "msg", "msg_id", "name", "noteable_type", "number", "object_attributes", "object_kind",
    "owner", "path_with_namespace", "project", "project_fullname", "pull_request", "pull_requests",
    "pullrequest", "ref", "ref_type", "repo", "repository", "run", "sha", "state ", "target_project_id",
    "topic", "user",
]  # fmt: skip
_VALUES_OF_EVENTS = [
    "refs/heads/main", "refs/heads/", "branch", "MergeRequest", "push", "pipeline", "merge_request", "note",
    "pull-request.new", "git.receive", "commit.flag.added", "project_rename", "acme/payments", "0" * 40,
    "a" * 40, "git@host:acme/payments.git", "\x00", "\ud800", 0, 7, -1, 2**31, 10**30, True, 1.5,
]  # fmt: skip
_EVENTS = [
    "push", "pull_request", "pull_request_review", "issue_comment", "check_run", "check_suite", "status",
    "repository", "create", "delete", "ping", "deployment", "action_run_success", "pull_request_comment",
]  # fmt: skip

_keys = st.sampled_from(_OF_EVENTS) | st.text(max_size=8)
_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(_VALUES_OF_EVENTS)
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=8),
    max_leaves=40,
)
_bodies = st.dictionaries(_keys, _values, max_size=12)
_thorough = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _check(event: WebhookEvent) -> None:
    """Hold what every reader of an event relies on."""
    for text in (event.event, event.action, event.repository, event.former_name, *event.branches):
        assert "\x00" not in text
        text.encode()
    assert event.delivery_id.isascii()
    assert 0 < len(event.delivery_id) <= 200
    assert all(type(each) is int and 0 < each < 2**31 for each in event.pull_requests)
    assert all(len(each) in (40, 64) for each in event.commits)


def _signed(kind: str, name: str, body: bytes) -> Delivery:
    match kind:
        case "github":
            return deliveries.github(body, name)
        case "gitea":
            return deliveries.gitea(body, name)
        case "gitlab":
            return deliveries.gitlab(body)
    return deliveries.pagure(body)


@_thorough
@given(kind=st.sampled_from(sorted(READERS)), name=st.sampled_from(_EVENTS), values=_bodies)
@example(kind="gitlab", name="", values={"object_kind": "note", "object_attributes": {" ": []}})
def test_a_signed_payload_of_any_shape_is_an_event_or_unreadable(
    kind: str, name: str, values: dict[str, Any]
) -> None:
    try:
        event = _signed(kind, name, json.dumps(values).encode()).read()
    except UnreadableEvent:
        return
    _check(event)


_BASES: dict[str, dict[str, Any]] = {
    "github": {
        "action": "opened",
        "repository": {"id": 5, "full_name": "acme/payments", "owner": {"login": "acme"}},
        "changes": {"repository": {"name": {"from": "pay"}}},
        "pull_request": {"number": 7},
        "issue": {"number": 7, "pull_request": {}},
        "check_run": {"head_sha": "a" * 40, "pull_requests": [{"number": 7, "base": {}}]},
        "ref": "refs/heads/main",
        "after": "a" * 40,
        "sha": "a" * 40,
    },
    "gitlab": {
        "object_kind": "pipeline",
        "project": {"id": 5, "path_with_namespace": "acme/payments"},
        "object_attributes": {"iid": 7, "sha": "a" * 40, "noteable_type": "MergeRequest"},
        "merge_request": {"iid": 7, "target_project_id": 5},
    },
    "pagure": deliveries.pagure_message("pull-request.new", pullrequest={"id": 7}, branch="main"),
}
_BASES["gitea"] = _BASES["github"]


def _places(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inner = values.items() if isinstance(values, dict) else ()
    if isinstance(values, list):
        inner = enumerate(values)
    for key, value in inner:
        found += _places(value, (*path, key))
    return found


@_thorough
@given(data=st.data(), kind=st.sampled_from(sorted(READERS)), name=st.sampled_from(_EVENTS))
def test_a_payload_with_one_part_put_wrong_is_an_event_or_unreadable(
    data: st.DataObject, kind: str, name: str
) -> None:
    values = json.loads(json.dumps(_BASES[kind]))
    *path, last = data.draw(st.sampled_from(_places(values)))
    place = values
    for key in path:
        place = place[key]
    if data.draw(st.booleans(), label="is it taken out"):
        del place[last]
    else:
        place[last] = data.draw(_values)
    try:
        event = _signed(kind, name, json.dumps(values).encode()).read()
    except UnreadableEvent:
        return
    _check(event)


@_thorough
@given(
    kind=st.sampled_from(sorted(READERS)),
    headers=st.dictionaries(
        st.sampled_from(
            [
                "X-Hub-Signature-256", "x-gitea-signature", "X-Forgejo-Signature", "X-Gitlab-Token",
                "webhook-signature", "webhook-id", "webhook-timestamp", "X-Pagure-Signature-256",
                "content-type", "X-GitHub-Event", "X-GitHub-Delivery",
            ]
        ),
        st.text(max_size=100)
        | st.sampled_from(["v1,", "sha256=" + "0" * 64, str(int(NOW.timestamp())), deliveries.FORM]),
        max_size=8,
    ),
    body=st.binary(max_size=300) | _bodies.map(lambda values: json.dumps(values).encode()),
)  # fmt: skip
def test_nothing_passes_without_the_secret(kind: str, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadSignature):
        READERS[kind](headers, body, secrets=[SECRET], now=NOW)


@_thorough
@given(
    data=st.data(),
    delivery=st.sampled_from(
        [
            deliveries.github(b'{"action": "opened"}', "pull_request"),
            deliveries.gitea(b'{"action": "opened"}', "pull_request"),
            deliveries.signed_gitlab(b'{"object_kind": "push"}'),
            deliveries.pagure(json.dumps(_BASES["pagure"]).encode()),
        ]
    ),
)
def test_one_changed_byte_of_the_body_is_a_bad_signature(
    data: st.DataObject, delivery: Delivery
) -> None:
    place = data.draw(st.integers(0, len(delivery.body) - 1))
    change = data.draw(st.integers(1, 255))
    body = bytearray(delivery.body)
    body[place] ^= change
    with pytest.raises(BadSignature):
        delivery.but(body=bytes(body)).read()
