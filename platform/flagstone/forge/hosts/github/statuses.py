"""What checks say of a commit: commit statuses, which Flagstone writes too, and the check runs of others."""

from __future__ import annotations

from datetime import UTC, datetime

from flagstone.forge.errors import PermissionDenied
from flagstone.forge.hosts.base import CommitStatus, StatusState
from flagstone.forge.hosts.github.api import RepositoryApi
from flagstone.forge.hosts.rest.fields import Fields

LONGEST_DESCRIPTION = 140
_CONCLUSIONS = {
    "success": StatusState.SUCCESS,
    "neutral": StatusState.SUCCESS,
    "skipped": StatusState.SUCCESS,
    "failure": StatusState.FAILURE,
}


def set_commit_status(api: RepositoryApi, commit: str, status: CommitStatus) -> None:
    """Say something of a commit, unless it was the last word already: GitHub keeps a thousand at most."""
    description = status.description
    if len(description) > LONGEST_DESCRIPTION:
        description = f"{description[: LONGEST_DESCRIPTION - 1]}…"
    said = _statuses(api, commit).get(status.context)
    words = (status.state, description, status.url)
    if said is not None and (said.state, said.description, said.url) == words:
        return
    payload = {
        "state": status.state.value,
        "context": status.context,
        "description": description,
    }
    if status.url:
        payload["target_url"] = status.url
    operation = f"set the status {status.context} of {commit[:12]}"
    api.write("POST", "statuses", commit, operation=operation, payload=payload)


def commit_statuses(api: RepositoryApi, commit: str) -> dict[str, CommitStatus]:
    """Return the last word of each check; of a status and a check run of the same name, the later one."""
    found = _statuses(api, commit)
    for run in _check_runs(api, commit):
        known = found.get(run.context)
        if known is None or known.at <= run.at:
            found[run.context] = run
    return found


def _statuses(api: RepositoryApi, commit: str) -> dict[str, CommitStatus]:
    pages = api.pages(
        "commits",
        commit,
        "status",
        operation=f"read the statuses of {commit[:12]}",
        key="statuses",
        what="commit status",
    )
    return {status.context: status for status in map(_read_status, pages)}


def _read_status(fields: Fields) -> CommitStatus:
    state = fields.text("state")
    return CommitStatus(
        context=fields.text("context"),
        state=StatusState(state) if state in set(StatusState) else StatusState.ERROR,
        description=fields.text("description", ""),
        at=fields.moment("updated_at"),
        url=fields.text("target_url", ""),
    )


def _check_runs(api: RepositoryApi, commit: str) -> list[CommitStatus]:
    """List the check runs; none where the credential may not see them: the statuses are still worth telling."""
    pages = api.pages(
        "commits",
        commit,
        "check-runs",
        operation=f"read the checks of {commit[:12]}",
        key="check_runs",
        what="check run",
    )
    try:
        return [_read_check_run(run) for run in pages]
    except PermissionDenied:
        return []


def _read_check_run(fields: Fields) -> CommitStatus:
    output = fields.optional("output")
    conclusion = fields.text("conclusion", "")
    state = _CONCLUSIONS.get(conclusion, StatusState.ERROR)
    if fields.text("status") != "completed":
        state = StatusState.PENDING
    at = fields.optional_moment("completed_at") or fields.optional_moment("started_at")
    return CommitStatus(
        context=fields.text("name"),
        state=state,
        description=(output.text("title", "") if output else "") or conclusion,
        # one that waits for its turn has not begun
        at=at or datetime.now(UTC),
        url=fields.text("details_url", "") or fields.text("html_url", ""),
    )
