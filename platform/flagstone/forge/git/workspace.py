"""One throw-away bare repository for one attempt: look, build a commit, push it. Nothing is shared.

There is no work tree and no index: a repository's hooks, symbolic links and filters have nothing to
act on, and the cost does not grow with the repository.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from flagstone.forge.errors import (
    ForgeError,
    GitFailed,
    NoRoom,
    OutcomeUnknown,
    PolicyRejected,
    RepositoryGone,
    RepositoryMoved,
    Retryable,
    TimedOut,
    TransportError,
    TreeTooLarge,
)
from flagstone.forge.git.bare import make_bare
from flagstone.forge.git.building import build
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.command import Git
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.environment import OF_STRANGERS, clean_environment
from flagstone.forge.git.limits import ProcessLimits, ended_by_limits
from flagstone.forge.git.looking import patterns_of, pick_commit, read_refs, refs_called
from flagstone.forge.git.process import Completed
from flagstone.forge.git.pushing import PushOutcome, PushResult, read_push
from flagstone.forge.git.reaching import (
    check_speaks_git,
    ended_before_writing,
    moved,
    new_place,
    refusal_of,
    unreached,
)
from flagstone.forge.git.remotes import HEADS, GitRemote, RemoteRefs

_PREFIX = "flagstone-workspace-"
_ABANDONED_AFTER = 3600.0
# a list of refs comes at once, or the server is not well
_LOOK_TIME_LIMIT = 20.0


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that was built and proven, and lies in the workspace; `base` is "" for a first one."""

    sha: str
    base: str


class GitWorkspace:
    """A private bare repository under the system's temporary folder, removed on leaving.

    Args:
        remote: Where it looks and pushes.
        time_limit: Seconds that one git command may take.
        limits: What one git command may take of the machine, where a stranger's server is asked.
    """

    def __init__(
        self,
        remote: GitRemote,
        *,
        time_limit: float = 120.0,
        limits: ProcessLimits | None = None,
    ) -> None:
        self.remote = remote
        self._time_limit = time_limit
        self._limits = limits
        self._folder: Path | None = None
        self._git: Git | None = None
        self._fetched: set[str] = set()

    @property
    def git(self) -> Git:
        """git, standing in this workspace."""
        if self._git is None:
            raise RuntimeError("a workspace is used inside its with block")
        return self._git

    def __enter__(self) -> GitWorkspace:
        try:
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            repository, home = self._folder / "repository", self._folder / "home"
            home.mkdir()
            make_bare(repository, self.remote)
        except OSError as error:
            self.__exit__(None, None, None)
            raise NoRoom(
                f"There is no room for a workspace in {tempfile.gettempdir()}: {error.strerror}. "
                "Free some space, or set TMPDIR."
            ) from error
        config = {**self.remote.config, **(OF_STRANGERS if self._limits else {})}
        environment = clean_environment(home, protocols=self.remote.protocols, config=config)
        environment["GIT_DIR"] = str(repository)
        self._git = Git(
            repository,
            environment,
            time_limit=self._time_limit,
            limits=self._limits,
            credentials=self.remote.credentials,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._git = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def observe(self, *branches: str) -> RemoteRefs:
        """Ask the remote for its default branch and the named branches (all, if none is named).

        Branches whose names would clash with a named one are found too, see `RemoteRefs.blocker`.

        Raises:
            RepositoryGone: There is nothing to ask.
            TransportError: It did not answer.
        """
        refs = self._look("HEAD", *patterns_of(branches))
        if not refs.default_branch and branches:
            refs = self._look("HEAD", f"{HEADS}*")
        if not refs.branches:
            check_speaks_git(self.git, self.remote)
        return refs

    def _look(self, *patterns: str) -> RemoteRefs:
        with self._reaching():
            done = self._list_refs("--symref", self.remote.url, *patterns)
        return read_refs(done.stdout, name=self.remote.name)

    def look_up(self, ref: str) -> str:
        """Ask the remote for the commit of a branch, a tag, or of HEAD for ''.

        Raises:
            RefNotFound: It has no such ref.
            TransportError: It did not answer.
        """
        with self._reaching():
            done = self._list_refs(self.remote.url, *refs_called(ref))
        return pick_commit(done.stdout, ref, name=self.remote.name)

    def _list_refs(self, *arguments: str) -> Completed:
        limit = min(self._time_limit, _LOOK_TIME_LIMIT)
        return self.git.run("ls-remote", *arguments, time_limit=limit)

    def fetch(self, *commits: str, blobs: bool = False, up_to: int | None = None) -> None:
        """Make commits readable here; a repository on this machine is read in place.

        Args:
            *commits: Their ids.
            blobs: Whether the files' contents are needed as well as their names.
            up_to: Bytes; contents that are larger are left away.
        """
        wanted = "--no-filter" if blobs else "--filter=blob:none"
        if up_to is not None:
            wanted = f"--filter=blob:limit={up_to + 1}"
        if self.remote.objects is None:
            with self._reaching():
                self.git.run(
                    "fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head",
                    "--no-recurse-submodules", wanted, "origin", *commits,
                )  # fmt: skip

    def fetch_objects(self, *ids: str) -> None:
        """Make single objects readable here, such as the contents of a few files; git would ask for each alone."""
        missing = [each for each in ids if each not in self._fetched]
        if self.remote.objects is None and missing:
            with self._reaching():
                self.git.run(
                    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                    "--no-recurse-submodules", "--filter=blob:none", "--stdin", "origin",
                    stdin="\n".join([*missing, ""]).encode(),
                )  # fmt: skip
            self._fetched.update(missing)

    def fetch_recent(self, commit: str, *, depth: int, names: bool = True) -> None:
        """Make a commit and so many before it readable here, if asked with the names of files; without contents."""
        wanted = "--filter=blob:none" if names else "--filter=tree:0"
        if self.remote.objects is None:
            with self._reaching():
                self.git.run(
                    "fetch", "--quiet", f"--depth={depth}", "--no-tags", "--no-write-fetch-head",
                    "--no-recurse-submodules", wanted, "origin", commit,
                )  # fmt: skip

    def fetch_history(self, commit: str) -> None:
        """Make a commit and all before it readable here, without their files."""
        if self.remote.objects is None:
            with self._reaching():
                self.git.run(
                    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                    "--no-recurse-submodules", "--filter=tree:0", "origin", commit,
                )  # fmt: skip

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """Translate git's failure to reach the remote, or to hold what it sent."""
        name = self.remote.name
        try:
            yield
        except GitFailed as error:
            if self._limits is not None and self._took_too_much(error, self._limits):
                raise TreeTooLarge(
                    f"The repository {name} is larger than a template may be.", repository=name
                ) from error
            if self.remote.objects is not None and not self.remote.objects.is_dir():
                raise RepositoryGone(
                    f"The repository {name} is gone: its folder is not there any more. "
                    "Restore it, or unregister it in Flagstone.",
                    repository=name,
                ) from error
            said = str(error.params["stderr"])
            refusal = self._refusal(said, writes=False)
            raise refusal or unreached(error.message, self.remote, writes=False) from error

    def _refusal(self, said: str, *, writes: bool) -> ForgeError | None:
        """Return the error of what will not be otherwise at the next try either."""
        refusal = refusal_of(said, self.remote, writes=writes)
        if isinstance(refusal, RepositoryMoved):
            return moved(self.remote, new_place(self.git, self.remote))
        return refusal

    def _took_too_much(self, error: GitFailed, limits: ProcessLimits) -> bool:
        """Tell whether a limit ended git: it does not always say so, but the pack is full then."""
        if ended_by_limits(int(str(error.params["status"])), str(error.params["stderr"])):
            return True
        packs = (self._folder or Path()).glob("repository/objects/pack/*")
        return any(pack.stat().st_size >= limits.largest_file for pack in packs)

    def build_commit(self, base: str | None, changes: ChangeSet, meta: CommitMeta) -> Commit:
        """Build the commit on a base and prove that it differs from it as meant.

        Args:
            base: The parent's id; None for the first commit of an empty repository.
            changes: The files.
            meta: The people and the words.

        Raises:
            EmptyChange: The base already is as wanted.
            InvalidPath: A path would take the place of something that the change does not name, or needs a
                filter such as Git LFS.
        """
        if base is not None:
            self.fetch(base)
        sha = build(self.git, base, changes, meta, fetch=self.fetch_objects)
        return Commit(sha, base or "")

    def push(self, commit: Commit, branch: str, *, expected: str | None) -> PushOutcome:
        """Set a branch to a commit, but only from the state that was seen.

        Args:
            commit: What to push.
            branch: Where to.
            expected: The commit that the branch must stand at; None: it must not be there.

        Raises:
            AuthenticationFailed: The code host does not accept the credential.
            PermissionDenied: The credential may not push.
            RepositoryGone: There is nothing to push to.
            TransportError: It could not be reached, and nothing was sent.
        """
        return self._push(commit.sha, branch, expected or "")

    def delete_branch(self, branch: str, *, expected: str) -> bool:
        """Delete a branch of the remote that stands at this very commit, and tell whether it did.

        Raises:
            PolicyRejected: The code host does not let it go.
            TransportError: It is still there: the code host could not be reached.
            OutcomeUnknown: It may be gone or not: the code host does not answer any more.
        """
        if self.observe(branch).branches.get(branch) != expected:
            return False
        outcome = self._push("", branch, expected)
        if outcome.result is PushResult.PUSHED:
            return True
        if outcome.result is PushResult.REJECTED:
            raise PolicyRejected(
                f"{self.remote.name} does not let the branch {branch} go: {outcome.message}",
                branch=branch,
            )
        # whatever git made of it, what is there now counts
        found = self.observe_after_write(branch).branches.get(branch)
        if found == expected:
            raise TransportError(
                f"The branch {branch} of {self.remote.name} could not be deleted: {outcome.message}",
                branch=branch,
            )
        return found is None

    def observe_after_write(self, *branches: str) -> RemoteRefs:
        """Ask the remote what became of a write that got no clear answer.

        Raises:
            OutcomeUnknown: It does not answer this either.
        """
        try:
            return self.observe(*branches)
        except Retryable as error:
            raise OutcomeUnknown(
                f"Whether {self.remote.name} took the write to {', '.join(branches)} is not known: "
                f"{error.message}",
                repository=self.remote.name,
            ) from error

    def _push(self, source: str, branch: str, expected: str) -> PushOutcome:
        ref = HEADS + branch
        try:
            done = self.git.run(
                "push", "--porcelain", "--no-verify", "--no-recurse-submodules",
                f"--force-with-lease={ref}:{expected}", self.remote.url, f"{source}:{ref}", accept=None,
            )  # fmt: skip
        except TimedOut as error:
            return PushOutcome(PushResult.UNKNOWN, error.message)
        outcome = read_push(done)
        if outcome.result is PushResult.UNKNOWN:
            if refusal := self._refusal(done.stderr, writes=True):
                raise refusal
            if ended_before_writing(done.stderr):
                raise unreached(done.stderr, self.remote, writes=True)
        return outcome


def remove_abandoned(*, older_than: float = _ABANDONED_AFTER) -> int:
    """Remove workspaces that killed workers left behind, and tell how many."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > older_than:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed
