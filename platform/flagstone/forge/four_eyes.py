"""Two people see every change before it is merged: whose a change is, and who else approved it."""

from __future__ import annotations

from flagstone.accounts.models import User
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.base import Verdict
from flagstone.forge.models import ChangeRequest, PullRequest
from flagstone.forge.people import account_at


def is_own(actor: User, pull_request: PullRequest) -> bool:
    """Tell whether a person wrote it, or had Flagstone's bot open it."""
    login = account_at(pull_request.repository.host, actor).login
    asked = ChangeRequest.objects.filter(pull_request=pull_request, requested_by=actor)
    return pull_request.author_login == login or asked.exists()


def is_approved_by_others(actor: User, pull_request: PullRequest, live: HostPullRequest) -> bool:
    """Tell whether somebody else approved it.

    To a code host the author of what the bot opened is the bot, so there its requester may approve it: that does
    not count.
    """
    login = account_at(pull_request.repository.host, actor).login.casefold()
    return any(
        review.verdict is Verdict.APPROVED and review.by.login.casefold() != login
        for review in live.reviews
    )
