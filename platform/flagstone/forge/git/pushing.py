"""What `git push --porcelain` says, as an outcome to act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flagstone.core.redaction import redact
from flagstone.forge.git.process import Completed

# the remote lost a race or broke off: whether the branch was written has to be looked up
_UNCLEAR = ("failed to update ref", "cannot lock ref", "failed to lock", "remote unpack failed")

_LONGEST_WORDS = 2000


class PushResult(StrEnum):
    PUSHED = "pushed"
    UP_TO_DATE = "up-to-date"
    STALE_LEASE = "stale-lease"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What became of a push; `message` is for people."""

    result: PushResult
    message: str = ""


def read_push(done: Completed) -> PushOutcome:
    """Read the one status line of a push of one ref.

    The exit code alone decides nothing: a push whose answer was lost may have been done, and one
    that was sent twice by the transport reports a failure after its own success.
    """
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    status = next((line.split("\t") for line in lines if line.count("\t") >= 2), None)
    if status is None:
        return PushOutcome(PushResult.UNKNOWN, redact(done.stderr))
    flag, summary = status[0], status[2]
    if flag == "=":
        return PushOutcome(PushResult.UP_TO_DATE)
    if flag != "!":
        result = PushResult.PUSHED if done.status == 0 else PushResult.UNKNOWN
        return PushOutcome(result, redact(done.stderr))
    if "(stale info)" in summary:
        return PushOutcome(PushResult.STALE_LEASE, summary)
    if "[remote rejected]" in summary and not any(word in summary for word in _UNCLEAR):
        return PushOutcome(PushResult.REJECTED, server_words(done.stderr) or summary)
    return PushOutcome(PushResult.UNKNOWN, redact(f"{summary}\n{done.stderr}").strip())


def server_words(stderr: str) -> str:
    """Return what the other side said, which is where a hook or a code host gives its reason."""
    said = [
        line.removeprefix("remote:").strip()
        for line in stderr.splitlines()
        if line.startswith("remote:")
    ]
    return redact("\n".join(line for line in said if line))[:_LONGEST_WORDS]
