"""A small organisation that enters by the doors that everybody uses: repositories and catalogue files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the apps are not ready when pytest imports this
    from flagstone.accounts.models import User
    from flagstone.forge.models import Repository

CATALOGUE = b"""\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments, title: Payments}
spec: {type: team, children: [], members: [mia]}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: ledger, title: Ledger}
spec: {type: team, children: [], members: [leo]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: mia}
spec: {profile: {displayName: Mia}, memberOf: [payments]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: leo}
spec: {profile: {displayName: Leo}, memberOf: [ledger]}
"""


def found_organisation(admin: User) -> Repository:
    """Make both repositories, have the catalogue read them, and return the GitOps repository."""
    from flagstone.catalog.actions import register_location
    from flagstone.catalog.pipeline import ingest
    from flagstone.forge.actions import create_repository, register_code_host
    from flagstone.forge.models import RepositoryRole

    host = register_code_host(actor=admin, name="local")
    people = create_repository(
        actor=admin, host=host, full_name="acme/people", files={"catalog-info.yaml": CATALOGUE}
    )
    gitops = create_repository(
        actor=admin, host=host, full_name="acme/gitops", role=RepositoryRole.GITOPS
    )
    for repository, path in (
        (people, "catalog-info.yaml"),
        (gitops, "services/*/catalog-info.yaml"),
    ):
        ingest(register_location(actor=admin, repository=repository, path=path).pk)
    return gitops
