"""The pull requests that are open when the demo begins: small and big, young and old, looked at or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from flagstone.config.demo.gitops import Render, paved_path, released
from flagstone.config.demo.service_folder import ServiceFolder, Story, StoryError
from flagstone.config.demo.services import SERVICES
from flagstone.config.demo.stories import releases, traffic


@dataclass(frozen=True, slots=True)
class DemoPullRequest:
    """One open pull request; a file that is None is deleted by it."""

    repository: Literal["gitops", "organisation"]
    branch: str
    author: str  # an entity reference
    title: str
    body: str
    age_hours: int
    files: Mapping[str, bytes | None]
    approved_by: str = ""  # an entity reference; nobody has looked at it yet
    labels: tuple[str, ...] = ()


def pull_requests(
    gitops: Mapping[str, bytes],
    organisation: Mapping[str, bytes],
    render: Render,
    *,
    today: date,
) -> list[DemoPullRequest]:
    """Return them against the default branches of the two repositories, oldest first.

    Args:
        gitops: What `gitops_files` returned.
        organisation: What `organisation_files` returned.
        render: Called for the services that move onto the paved path.
        today: The day of the demo.
    """
    bridge, settlement = (_paved(name, render, today) for name in ("swift-bridge", "fx-settlement"))
    found = [
        _onto_the_paved_path(gitops, bridge),
        _finite_retries(gitops),
        _runbook(gitops, settlement),
        _change_of_squad(organisation),
        _no_timeout(gitops),
        _nodes_may_drain(gitops),
        _release(gitops),
    ]
    return sorted(found, key=lambda request: -request.age_hours)


def _onto_the_paved_path(gitops: Mapping[str, bytes], paved: ServiceFolder) -> DemoPullRequest:
    return DemoPullRequest(
        repository="gitops",
        branch="swift-bridge-paved",
        author="user:default/yusuf",
        title="Move swift-bridge onto the paved path",
        body="Replaces the Deployment of 2022. It is everything at once: I could not see how to split it.",
        age_hours=76,
        files={**dict.fromkeys(ServiceFolder.of(paved.name, gitops).files), **paved.contents()},
    )


def _finite_retries(gitops: Mapping[str, bytes]) -> DemoPullRequest:
    def mend(folder: ServiceFolder) -> None:
        folder.replace(traffic.ISTIO, "attempts: 10", "attempts: 2")
        folder.replace(traffic.ISTIO, "perTryTimeout: 250ms", "perTryTimeout: 800ms")

    return DemoPullRequest(
        repository="gitops",
        branch="checkout-finite-retries",
        author="user:default/tomasz",
        title="Give checkout an end to its retries",
        body="Ten tries turned the brownout of the partner into our outage. Two are what the paved path has.",
        age_hours=31,
        files=_edited(gitops, "checkout", mend),
    )


def _runbook(gitops: Mapping[str, bytes], paved: ServiceFolder) -> DemoPullRequest:
    def restore(folder: ServiceFolder) -> None:
        folder.write("runbook.md", paved.read("runbook.md"))

    return DemoPullRequest(
        repository="gitops",
        branch="fx-settlement-runbook",
        author="user:default/chloe",
        title="Bring the runbook of fx-settlement back",
        body="Nobody ever wrote the better one.",
        age_hours=22,
        files=_edited(gitops, "fx-settlement", restore),
    )


def _change_of_squad(organisation: Mapping[str, bytes]) -> DemoPullRequest:
    path = "groups/cards.yaml"
    before, membership, after = organisation[path].decode().rpartition("    - cards\n")
    if "name: diego\n" not in before.rpartition("---")[2]:
        raise StoryError(f"{path}: Diego is not the last one in the file any more")
    return DemoPullRequest(
        repository="organisation",
        branch="diego-to-payouts",
        author="user:default/viktor",
        title="Diego moves to payouts",
        body="From the first of next month.",
        age_hours=12,
        files={path: f"{before}{membership.replace('cards', 'payouts')}{after}".encode()},
        approved_by="user:default/priya",
    )


def _no_timeout(gitops: Mapping[str, bytes]) -> DemoPullRequest:
    return DemoPullRequest(
        repository="gitops",
        branch="savings-pots-export",
        author="user:default/liam",
        title="Let the yearly export of savings-pots finish",
        body="It needs more than three seconds, so I took the timeout out.",
        age_hours=8,
        files=_edited(gitops, "savings-pots", traffic.timeout_dropped),
    )


def _nodes_may_drain(gitops: Mapping[str, bytes]) -> DemoPullRequest:
    def mend(folder: ServiceFolder) -> None:
        folder.replace("autoscaling.yaml", "maxUnavailable: 0", "maxUnavailable: 1")

    return DemoPullRequest(
        repository="gitops",
        branch="sessions-drain",
        author="user:default/ingrid",
        title="Let nodes drain under sessions",
        body="Every node upgrade of the last quarter waited for one of us.",
        age_hours=5,
        files=_edited(gitops, "sessions", mend),
        approved_by="user:default/rahul",
    )


def _release(gitops: Mapping[str, bytes]) -> DemoPullRequest:
    def bump(folder: ServiceFolder) -> None:
        folder.substitute(releases.ROLLOUT, r"(@sha256:)\w{64}", r"\g<1>" + "5d" * 32)

    return DemoPullRequest(
        repository="gitops",
        branch="release/quote",
        author="user:default/mei",
        title="quote: release 4be1c9a07f3d",
        body="Prices hold for 90 seconds instead of 60.",
        age_hours=2,
        files=_edited(gitops, "quote", bump),
        labels=("release",),
    )


def _paved(name: str, render: Render, today: date) -> ServiceFolder:
    (service,) = (service for service in SERVICES if service.name == name)
    (rendered,) = render([paved_path(service, today)])
    return released(service, rendered)


def _edited(gitops: Mapping[str, bytes], service: str, edit: Story) -> dict[str, bytes | None]:
    """Return the files of a service that an edit changes."""
    folder = ServiceFolder.of(service, gitops)
    edit(folder)
    return {path: data for path, data in folder.contents().items() if gitops.get(path) != data}
