"""Puts a verdict beside the commit and under the pull request; telling the same again writes nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from flagstone.core import audit
from flagstone.core.backoff import backoff
from flagstone.core.locks import only_one_at
from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError
from flagstone.forge.hosts.base import CommitStatus, StatusState
from flagstone.forge.models import PullRequest
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.gate.models import PullRequestVerdict
from flagstone.gate.pull_requests.judging import asked_of, judge
from flagstone.gate.pull_requests.words import CONTEXT, MARKER, comment, description
from flagstone.gate.verdict import Decision, Reason, decide

MOST_AT_ONCE = 50
_FIRST_WAIT, _LONGEST_WAIT = 10.0, 900.0
# a worker that is at a verdict is done long before
_CLAIMED_FOR = timedelta(minutes=3)
_STATES = {
    Decision.GO: StatusState.SUCCESS,
    Decision.SLOW: StatusState.SUCCESS,
    Decision.STOP: StatusState.FAILURE,
}


def tell_verdict(pull_request_id: int) -> None:
    """Judge an open pull request if it changed since, and tell what is not told yet.

    Raises:
        ForgeError: Not now; the sweep tries it again at the time that is recorded.
    """
    with only_one_at(uuid5(NAMESPACE_URL, f"verdict:{pull_request_id}")) as is_ours:
        if not is_ours:
            return
        pull_request = (
            PullRequest.objects.open()
            .select_related("repository__host")
            .filter(pk=pull_request_id)
            .first()
        )
        if pull_request is None:
            PullRequestVerdict.objects.filter(pull_request_id=pull_request_id, told_at=None).update(
                told_at=timezone.now()
            )
            return
        verdict = _current(pull_request)
        if verdict.told_at is None:
            _tell(verdict)


def claim_untold_verdicts() -> list[int]:
    """Take the pull requests whose verdict is due; two sweeps at once take different ones."""
    now = timezone.now()
    with transaction.atomic():
        rows = PullRequestVerdict.objects.to_tell(now).select_for_update(skip_locked=True)
        claimed = list(
            rows.order_by("not_before").values_list("pull_request_id", flat=True)[:MOST_AT_ONCE]
        )
        PullRequestVerdict.objects.filter(pull_request_id__in=claimed).update(
            not_before=now + _CLAIMED_FOR
        )
    # the message of a change was lost; what was there before Flagstone knew the repository is left alone
    unjudged = (
        PullRequest.objects.open()
        .exclude(verdict__head_commit=F("head_commit"))
        .filter(updated_at__gte=F("repository__created_at"), repository__problem="")
        .order_by("-updated_at")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )
    return list(dict.fromkeys([*claimed, *unjudged]))


def page_of(pull_request: PullRequest) -> str:
    """Return the address of Flagstone's page about a pull request."""
    return f"{settings.FLAGSTONE_URL}/pulls/{pull_request.pk}"


def _current(pull_request: PullRequest) -> PullRequestVerdict:
    """Return the verdict on the pull request as it is now, judged anew if it was another then."""
    asked = asked_of(pull_request)
    known = PullRequestVerdict.objects.filter(pull_request=pull_request).first()
    if known is not None and known.asked == asked:
        known.pull_request = pull_request
        return known
    reasons = judge(pull_request)
    decision = decide(reasons)
    values: dict[str, Any] = {
        "asked": asked,
        "head_commit": pull_request.head_commit,
        "decision": decision.value,
        "reasons": [asdict(reason) for reason in reasons],
        "judged_at": timezone.now(),
        "told_at": None,
        "attempts": 0,
        "not_before": timezone.now(),
        "error": "",
    }
    with transaction.atomic():
        verdict, _ = PullRequestVerdict.objects.update_or_create(
            pull_request=pull_request, defaults=values
        )
        if known is None or known.decision != decision.value:
            audit.record(
                actor=None,
                action="gate.pull_request_judged",
                subject=f"pull-request:{pull_request}",
                data={"decision": decision.value, "head": pull_request.head_commit},
            )
    return verdict


def _tell(verdict: PullRequestVerdict) -> None:
    try:
        _write(verdict)
    except ForgeError as error:
        _record_failure(verdict, error)
        raise
    _update(verdict, told_at=timezone.now(), has_comment=verdict.has_comment, error="")


def _write(verdict: PullRequestVerdict) -> None:
    pull_request = verdict.pull_request
    forge, name = connect(pull_request.repository.host), pull_request.repository.full_name
    decision = Decision(verdict.decision)
    reasons = [Reason(**{**each, "state": Decision(each["state"])}) for each in verdict.reasons]
    url = page_of(pull_request)
    status = CommitStatus(
        CONTEXT, _STATES[decision], description(decision, reasons), timezone.now(), url
    )
    forge.set_commit_status(name, verdict.head_commit, status)
    # Flagstone's own page shows it beside the pull request; elsewhere nobody is told that all is well, unless they
    # were told otherwise before
    is_to_say = decision is not Decision.GO or verdict.has_comment
    if is_to_say and not forge.capabilities.acts_for_people:
        text = comment(decision, reasons, head=verdict.head_commit, url=url)
        forge.upsert_comment(name, pull_request.number, by=BOT_ACCOUNT, body=text, marker=MARKER)
        verdict.has_comment = True


def _record_failure(verdict: PullRequestVerdict, error: ForgeError) -> None:
    """Write down when to try again; what is refused for good is kept for the platform team to see."""
    attempts = verdict.attempts + 1
    wait = error.retry_after or backoff(attempts, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
    now = timezone.now()
    later = now + timedelta(seconds=wait)
    _update(
        verdict,
        attempts=attempts,
        not_before=later,
        told_at=None if error.retryable else now,
        error=error.message,
    )


def _update(verdict: PullRequestVerdict, **values: Any) -> None:
    """Write it down, unless the pull request was judged anew meanwhile."""
    PullRequestVerdict.objects.filter(pk=verdict.pk, asked=verdict.asked).update(**values)
