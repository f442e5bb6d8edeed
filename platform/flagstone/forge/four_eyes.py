"""Two people see every change before it is merged: whose a change is, and who else approved it."""

from __future__ import annotations

from flagstone.accounts.models import User
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.base import Review, Verdict
from flagstone.forge.models import ChangeRequest, CodeHost, HostAccount, PullRequest
from flagstone.forge.people import account_at, person_behind


def may_be_own(actor: User, pull_request: PullRequest) -> bool:
    """Tell whether a person wrote it, or had Flagstone's bot open it; so too where nobody can tell who wrote it."""
    host, author = pull_request.repository.host, pull_request.author_login
    change = ChangeRequest.objects.filter(pull_request=pull_request).first()
    if change is not None:
        return change.requested_by_id == actor.pk
    if author.casefold() == account_at(host, actor).login.casefold():
        return True
    return not _is_somebody_else(author, actor, host)


def is_approved_by_another(live: HostPullRequest, actor: User, host: CodeHost) -> bool:
    """Tell whether somebody else has approved what the pull request holds now.

    The last word of each person counts, and no program's. To a code host the author of what the bot opened is the
    bot, so there the person who asked for it may approve it: that does not count.
    """
    own = {account_at(host, actor).login.casefold(), live.author.login.casefold()}
    return any(
        review.verdict is Verdict.APPROVED
        and review.commit in {"", live.head}
        and login not in own
        and _is_somebody_else(login, actor, host)
        for login, review in _last_words(live).items()
    )


def _last_words(live: HostPullRequest) -> dict[str, Review]:
    return {
        review.by.login.casefold(): review
        for review in sorted(live.reviews, key=lambda review: review.at)
        if review.verdict is not Verdict.COMMENTED and not review.by.is_bot
    }


def _is_somebody_else(login: str, actor: User, host: CodeHost) -> bool:
    """Tell whether a login that is not the one we expect of a person is not theirs under another name."""
    known = person_behind(host, login)
    if known is not None:
        return known.pk != actor.pk
    return host.is_local or knows_login(actor, host)


def knows_login(person: User, host: CodeHost) -> bool:
    """Tell whether a person's login at a code host is registered."""
    return HostAccount.objects.filter(host=host, user=person).exists()
