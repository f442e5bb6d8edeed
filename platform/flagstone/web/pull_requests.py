"""How a pull request is told on a page: its size and its waiting against the promises, and what was said about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse

from flagstone.forge.git.diffs import FileDiff
from flagstone.forge.git.sizes import Marks
from flagstone.forge.hosts.base import Account, CommitStatus, PullRequestState, StatusState, Verdict
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.markers import without_marks
from flagstone.forge.models import PullRequest
from flagstone.forge.selectors import PullRequestDetail
from flagstone.gate.pull_requests.words import CONTEXT, MARKER
from flagstone.gate.rules import LARGE, SMALL
from flagstone.web.presentation import Tone
from flagstone.web.templatetags.trees import TreeFile

# a first review comes within a day
REVIEW_PROMISE = timedelta(hours=24)
# a page carries so many files
FILES_SHOWN = 300
# beyond this many changed lines a page shows the files closed, and each when it is opened
LINES_SHOWN_AT_ONCE = 1_500

# begins the source of a change request that a run of a scaffold made
SCAFFOLDED = "scaffold-run:"
# and one that a rollback made
ROLLED_BACK = "rollback:"
_ROLLBACK_NOTE = "a rollback, which goes back to what was reviewed before"
_SCAFFOLDED_NOTE = "written by a scaffold, whose files were reviewed before"


@dataclass(frozen=True, slots=True)
class Size:
    """Changed lines that somebody has to read, against what the squads promised each other."""

    lines: int
    tone: Tone
    note: str


def size_of(lines: int | None) -> Size | None:
    """Judge a number of changed lines; None while nobody has counted them."""
    if lines is None:
        return None
    if lines <= SMALL:
        return Size(lines, "pass", f"within the promise of {SMALL} lines")
    if lines <= LARGE:
        return Size(lines, "warn", f"over the promise of {SMALL} lines")
    return Size(lines, "fail", f"over {LARGE} lines: nobody reviews that well in one sitting")


def size_of_pull(pull_request: PullRequest) -> Size | None:
    """Judge the size of a pull request; what a scaffold wrote is no work of a squad's hands."""
    return size_of_change(pull_request, pull_request.size)


def size_of_change(pull_request: PullRequest, lines: int | None) -> Size | None:
    """Judge a pull request by the lines that people wrote at this moment."""
    size = size_of(lines)
    if size and is_scaffolded(pull_request):
        return Size(size.lines, "none", _SCAFFOLDED_NOTE)
    if size and is_rollback(pull_request):
        return Size(size.lines, "none", _ROLLBACK_NOTE)
    return size


def is_rollback(pull_request: PullRequest) -> bool:
    change = getattr(pull_request, "change_request", None)
    return change is not None and change.source.startswith(ROLLED_BACK)


def is_scaffolded(pull_request: PullRequest) -> bool:
    change = getattr(pull_request, "change_request", None)
    return change is not None and change.source.startswith(SCAFFOLDED)


def run_url(pull_request: PullRequest) -> str:
    """Return the page of the run that made it; empty when none did."""
    if not is_scaffolded(pull_request):
        return ""
    try:
        run_id = UUID(pull_request.change_request.source.removeprefix(SCAFFOLDED))
    except ValueError:
        return ""
    return reverse("web:run", args=(run_id,))


def rollback_url(pull_request: PullRequest) -> str:
    """Return the page of the rollback that it carries out; empty when it is no rollback of ours."""
    change = getattr(pull_request, "change_request", None)
    rollback = getattr(change, "rollback", None)
    return reverse("web:rollback", args=(rollback.pk,)) if rollback else ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long a pull request has waited for its first review."""

    since: datetime
    is_late: bool


def waiting_of(pull_request: PullRequest, now: datetime) -> Waiting | None:
    """Return how long it has waited; None when it does not wait for a review."""
    if not pull_request.is_open or pull_request.is_draft or pull_request.first_review_at:
        return None
    since = pull_request.ready_at or pull_request.opened_at
    return Waiting(since, now - since > REVIEW_PROMISE)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was said or done about a pull request.

    Args:
        state: A verdict, `commented`, `opened`, `merged` or `closed`.
        is_outdated: A verdict about commits that are not the last ones any more.
    """

    by: Account
    at: datetime
    state: str
    body: str = ""
    is_outdated: bool = False


def remarks_of(live: HostPullRequest, body: str) -> list[Remark]:
    """Return everything that was said and done, in the order it happened; its description comes first."""
    remarks = [Remark(live.author, live.opened_at, "opened", body)]
    remarks += [
        Remark(review.by, review.at, review.verdict.value, review.body, review.commit != live.head)
        for review in live.reviews
    ]
    # Flagstone's own comment says what the page's panel says
    remarks += [
        Remark(c.by, c.at, "commented", without_marks(c.body))
        for c in live.comments
        if MARKER not in c.body
    ]
    ended = live.merged_at or live.closed_at
    if ended:
        by = live.closed_by or Account("", "Somebody")
        remarks.append(Remark(by, ended, live.state.value))
    return sorted(remarks, key=lambda remark: remark.at)


def shown_statuses(statuses: Mapping[str, CommitStatus]) -> list[CommitStatus]:
    """Return what others say of a commit, by name; what Flagstone itself says is the page's panel."""
    return [statuses[context] for context in sorted(statuses) if context != CONTEXT]


def has_failed_status(statuses: Mapping[str, CommitStatus]) -> bool:
    """Tell whether a check of somebody else's fails."""
    bad = (StatusState.FAILURE, StatusState.ERROR)
    return any(status.state in bad for status in shown_statuses(statuses))


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of the diff with its place on the page."""

    diff: FileDiff
    number: int
    is_open: bool
    is_written_by_people: bool

    @property
    def anchor(self) -> str:
        return f"file-{self.number}"


def changed_files(files: Iterable[FileDiff], marks: Marks) -> list[ChangedFile]:
    """Number the files; what no person wrote, and what is more than a page can carry, stays closed."""
    shown, numbered = 0, []
    for number, file in enumerate(files, start=1):
        shown += sum(len(hunk.lines) for hunk in file.hunks)
        is_written = marks.is_written_by_people(file.path)
        is_open = shown <= LINES_SHOWN_AT_ONCE and is_written
        numbered.append(ChangedFile(file, number, is_open, is_written))
    return numbered


def left_out_note(shown: int, files: int) -> str:
    """Say that a page has not all files; "" where it has."""
    if shown == files:
        return ""
    return f"These are the first {shown} of {files} files. Look at the others in a clone of the branch."


def tree_of(files: Iterable[ChangedFile]) -> list[TreeFile]:
    """Return the entries of the tree beside the diff."""
    return [
        TreeFile(
            path=file.diff.path,
            url=f"#{file.anchor}",
            status=file.diff.status.value,
            note=f"+{file.diff.additions} \N{MINUS SIGN}{file.diff.deletions}",
        )
        for file in files
    ]


def approvals_of(live: HostPullRequest) -> list[str]:
    """Name those whose last verdict on the last commits is an approval."""
    verdicts = {
        review.by.login: review.verdict
        for review in sorted(live.reviews, key=lambda review: review.at)
        if review.commit == live.head and review.verdict is not Verdict.COMMENTED
    }
    return [login for login, verdict in verdicts.items() if verdict is Verdict.APPROVED]


def is_mergeable(detail: PullRequestDetail) -> bool:
    """Tell whether a merge would go through now, as far as one can see."""
    return (
        detail.live.state is PullRequestState.OPEN
        and not detail.live.is_draft
        and detail.merge is not None
        and detail.merge.is_clean
    )
