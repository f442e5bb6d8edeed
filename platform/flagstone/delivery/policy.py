"""Who may merge a rollback: everybody with a second pair of eyes, some people without, where a setting lets them."""

from __future__ import annotations

from django.conf import settings

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.forge.hosts.base import PullRequest, Verdict
from flagstone.forge.models import CodeHost
from flagstone.forge.people import account_at

ALONE = "delivery.merge_rollback_alone"


def may_merge_alone(person: User) -> bool:
    """Tell whether somebody may merge their own rollback before anybody else has looked at it."""
    return settings.FLAGSTONE_ROLLBACK_ALONE and may(person, ALONE)


def is_approved(pull_request: PullRequest, asked_by: User, host: CodeHost) -> bool:
    """Tell whether somebody else has approved what the pull request holds now; the last word of each person counts.

    The author at a code host elsewhere is Flagstone's own account, so it would let the person who asked approve it.
    """
    own = {account_at(host, asked_by).login.casefold(), pull_request.author.login.casefold()}
    last = {
        review.by.login.casefold(): review
        for review in sorted(pull_request.reviews, key=lambda review: review.at)
        if review.verdict is not Verdict.COMMENTED and not review.by.is_bot
    }
    return any(
        review.verdict is Verdict.APPROVED and review.commit in {"", pull_request.head}
        for login, review in last.items()
        if login not in own
    )
