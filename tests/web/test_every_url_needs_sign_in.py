"""Signed-in by default: the walk over every address that Flagstone has."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils.regex_helper import normalize

SAMPLES = {"int": "1", "uuid": str(uuid.UUID(int=1)), "path": "x/y", "slug": "x", "str": "x"}
# what somebody who is not signed in must reach, and nothing else
# (/webhooks/ answers to signatures alone; tests/api/test_webhooks.py)
OPEN = {"/sign-in", "/health/live", "/health/ready", "/admin/login/", "/webhooks/1", "/webhooks/1/"}


def sample_of(pattern: RoutePattern | RegexPattern) -> str:
    if isinstance(pattern, RegexPattern):
        text, names = normalize(pattern.regex.pattern)[0]
        return text % dict.fromkeys(names, "1")
    return re.sub(
        r"<(?:(\w+):)?\w+>", lambda match: SAMPLES.get(match[1] or "str", "x"), str(pattern)
    )


def addresses(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + sample_of(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from addresses(entry, path)


ADDRESSES = sorted(set(addresses(get_resolver(), "/")))


def test_the_walk_sees_every_part_of_flagstone() -> None:
    assert {"/", "/sign-in", "/api/schema", "/admin/", "/account/tokens/1/revoke"} <= set(ADDRESSES)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_only_the_open_addresses_answer_without_a_session(client: Client, method: str) -> None:
    answered = {
        address
        for address in ADDRESSES
        if not is_turned_away(getattr(client, method)(address, content_type="application/json"))
    }

    assert answered <= OPEN


def is_turned_away(response: object) -> bool:
    status = response.status_code  # type: ignore[attr-defined]
    if status in {401, 403}:
        return True
    location = response.headers.get("Location", "")  # type: ignore[attr-defined]
    return status == 302 and location.startswith(("/sign-in", "/admin/login/"))
