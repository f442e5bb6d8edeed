from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User


@pytest.fixture
def repository(admin_user: User) -> Any:
    from flagstone.forge.actions import create_repository, register_code_host

    host = register_code_host(actor=admin_user, name="local")
    files = {
        "services/a/rollout.yaml": b"kind: Rollout\nspec:\n  replicas: <2>\n",
        "logo.png": b"\x89PNG\x00",
    }
    return create_repository(actor=admin_user, host=host, full_name="shop/gitops", files=files)


def get(client: Client, user: User, path: str) -> Any:
    client.force_login(user)
    return client.get(path)


def test_a_file_with_its_line_marked(client: Client, stranger: User, repository: Any) -> None:
    response = get(
        client,
        stranger,
        f"/files/shop/gitops/services/a/rollout.yaml?at={repository.head_commit}&line=3",
    )
    assert response.context["commit"] == repository.head_commit
    assert '<tr id="L3" class="hit">' in response.text
    assert "<2>" not in response.text


def test_without_a_commit_it_is_the_default_branch(
    client: Client, stranger: User, repository: Any
) -> None:
    response = get(client, stranger, "/files/shop/gitops/services/a/rollout.yaml")
    assert response.context["commit"] == repository.head_commit


def test_what_is_no_text_is_not_shown(client: Client, stranger: User, repository: Any) -> None:
    assert "Nothing to show" in get(client, stranger, "/files/shop/gitops/logo.png").text


@pytest.mark.parametrize(
    "path",
    [
        "/files/shop/gitops/ghost.yaml",
        "/files/shop/ghost/a.yaml",
        f"/files/shop/gitops/logo.png?at={'0' * 40}",
        "/files/shop/gitops/logo.png?at=--upload-pack=x",
        "/files/shop/gitops/../../etc/passwd",
        "/files/shop/gitops/..:(glob)",
        "/files/shop/gitops/:(icase)SERVICES/a/rollout.yaml",
        "/files/shop/gitops/services/*/rollout.yaml",
        "/files/shop/gitops/a%00b",
        "/files/shop/gitops/.git/config",
        "/files/shop/gitops/-h",
    ],
)
def test_what_is_not_there_is_told(
    client: Client, stranger: User, repository: Any, path: str
) -> None:
    assert get(client, stranger, path).status_code in {400, 404}
