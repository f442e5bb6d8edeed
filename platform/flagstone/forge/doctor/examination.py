"""One examination of one repository, from the address to the webhook."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from flagstone.core import audit
from flagstone.core.admin_places import place_of
from flagstone.core.errors import FlagstoneError
from flagstone.forge.connections import connect
from flagstone.forge.credentials import signing_key_of
from flagstone.forge.doctor.findings import Finding, Outcome
from flagstone.forge.doctor.listening import examine_webhooks
from flagstone.forge.doctor.probe import Probe
from flagstone.forge.errors import (
    AuthenticationFailed,
    CredentialMissing,
    ForgeError,
    InvalidName,
    OutcomeUnknown,
    Retryable,
)
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import Forge, RepositoryInfo
from flagstone.forge.models import CodeHost

_REACH, _SIGN_IN, _READ = "Reach the address", "Sign in", "Read the repository"


class Doctor:
    """One examination of one repository.

    Args:
        host: Where it is.
        repository: `owner/name`; it need not be registered.

    Attributes:
        has_asked: The code host gave an answer, whatever it was.
        cleaned: How what was made was taken away; also of an examination that was ended.
    """

    def __init__(self, host: CodeHost, repository: str) -> None:
        self._host = host
        self._name = repository
        self.has_asked = False
        self.cleaned: list[Finding] = []

    def examine(self) -> Generator[Finding]:
        """Yield what each try shows, one after the other; what was made is taken away even if it is ended."""
        try:
            forge = connect(self._host)
            forge.check_name(self._name)
            info = forge.get_repository(self._name)
        except FlagstoneError as error:
            yield from self._unread(error)
            return
        self.has_asked = True
        yield from self._read(info)
        yield self._read_by_git(forge, info)
        if info.is_archived:
            words = (
                "It is archived: unarchive it at the code host, or nothing can be changed there."
            )
            yield Finding("Write permission", Outcome.PROBLEM, words)
        else:
            yield from self._written(forge, info)
        yield self._signing()
        yield from examine_webhooks(self._host, forge, self._name)

    def _unread(self, error: FlagstoneError) -> Iterator[Finding]:
        """Tell how far the first question came."""
        if isinstance(error, InvalidName):
            yield Finding(_READ, Outcome.PROBLEM, error.message)
            return
        if isinstance(error, (Retryable, OutcomeUnknown)):
            yield Finding(_REACH, Outcome.PROBLEM, error.message)
            return
        if not isinstance(error, ForgeError) or isinstance(error, CredentialMissing):
            yield Finding(_SIGN_IN, Outcome.PROBLEM, error.message)
            return
        self.has_asked = True
        yield Finding(_REACH, Outcome.OK, self._host.web_url)
        if isinstance(error, AuthenticationFailed):
            yield Finding(_SIGN_IN, Outcome.PROBLEM, error.message)
            return
        yield Finding(_SIGN_IN, Outcome.OK, self._account())
        yield Finding(_READ, Outcome.PROBLEM, error.message)

    def _read(self, info: RepositoryInfo) -> Iterator[Finding]:
        yield Finding(_REACH, Outcome.OK, self._host.web_url)
        yield Finding(_SIGN_IN, Outcome.OK, self._account())
        yield Finding(_READ, Outcome.OK, f"{info.default_branch} at {info.head[:12]}")

    def _read_by_git(self, forge: Forge, info: RepositoryInfo) -> Finding:
        step = "Read it with git"
        try:
            with GitWorkspace(forge.git_remote(self._name)) as workspace:
                refs = workspace.observe(info.default_branch)
        except ForgeError as error:
            return Finding(step, Outcome.PROBLEM, error.message)
        if info.default_branch not in refs.branches:
            words = (
                f"git finds no branch {info.default_branch}, which the code host calls the default one. "
                "Set the default branch there."
            )
            return Finding(step, Outcome.PROBLEM, words)
        return Finding(step, Outcome.OK)

    def _written(self, forge: Forge, info: RepositoryInfo) -> Iterator[Finding]:
        yield _write_permission(info)
        probe = Probe(self._host, forge, info)
        audit.record(
            actor=None,
            action="forge.repository_examined",
            subject=f"repository:{self._name}",
            data={"host": self._host.name, "branch": probe.branch},
        )
        yield from probe.remove_old()
        try:
            yield from probe.write()
        finally:
            # a generator that is closed may do this, but may not tell of it
            self.cleaned = list(probe.clean_up())
        yield from self.cleaned

    def _account(self) -> str:
        if self._host.app_id:
            return f"as the GitHub App {self._host.app_id}"
        return f"as {self._host.user_name}" if self._host.user_name else ""

    def _signing(self) -> Finding:
        try:
            key = signing_key_of(self._host)
        except FlagstoneError as error:
            return Finding("Sign commits", Outcome.PROBLEM, error.message)
        if key is None:
            return Finding(
                "Sign commits", Outcome.SKIPPED, "no signing key is stored; none is needed"
            )
        if not self._host.email:
            words = (
                "There is a key, but no address of its account: no code host shows that as verified. "
                f"Enter the address {place_of(CodeHost)}."
            )
            return Finding("Sign commits", Outcome.PROBLEM, words)
        return Finding("Sign commits", Outcome.OK, f"register this key there: {key.public}")


def _write_permission(info: RepositoryInfo) -> Finding:
    if info.may_write is False:
        words = (
            "The credential may read only. Give it write permission on contents and pull requests."
        )
        return Finding("Write permission", Outcome.PROBLEM, words)
    told = "told by the code host" if info.may_write else "not told; the next tries show it"
    return Finding("Write permission", Outcome.OK, told)
