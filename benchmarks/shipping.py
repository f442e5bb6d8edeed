"""20 changes at once on one repository of 20,000 files by 4 workers, over the same with bare git."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.code_host import CodeHost
from benchmarks.report import Result
from flagstone.config.runtime.children import spawn, wait_until
from flagstone.config.runtime.up import worker_command
from tests import git_http
from tests.stand_ins.repositories import BareRepositories

FILES = 20_000
CHANGES, FILES_OF_A_CHANGE = 20, 20
WORKERS = 4
ROUNDS = 3
REPO = "acme/gitops"
USER, TOKEN = "flagstone", "a-token-of-the-benchmark"
_LIMIT_SECONDS = 120.0
_TITLE = "Change {number} of round {round_number}"


class _GitHost(CodeHost):
    """A code host that knows the commits that were pushed, and what the changes change."""

    def __init__(self, bare: Path) -> None:
        super().__init__()
        self._bare = bare

    def commit_of(self, branch: str) -> str:
        return (self._bare / "refs" / "heads" / branch).read_text().strip()

    def files_of(self, pull_request: dict[str, Any]) -> list[str]:
        number, round_number = map(int, re.findall(r"\d+", pull_request["title"]))
        return list(_files(round_number, number))


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as folder:
        place = Path(folder)
        bare = BareRepositories(place / "host").create(REPO).folder
        _fill(bare)
        with git_http.serving(place / "host", users={USER: TOKEN}) as server:
            server.api = _GitHost(bare).answer
            repository, actor = _register(server.url, bare)
            with _workers(place):
                ours, theirs = [], []
                for number in range(ROUNDS + 1):
                    theirs.append(_by_hand(f"{server.url}/{REPO}.git", place, number))
                    ours.append(_through_flagstone(actor, repository, number))
    # the first round warms up
    mine, hand = median(ours[1:]), median(theirs[1:])
    yield Result(
        name=(
            f"{CHANGES} changes at once, {FILES:,} files, {WORKERS} workers: request to open, over bare "
            "`git clone --bare --depth=1 --filter=blob:none`, commit-tree and push, four at a time"
        ),
        value=mine / hand,
        target=1.5,
        detail=(
            f"Flagstone {mine:.2f} s until the last pull request was open, bare git {hand:.2f} s "
            "until the last was pushed, which opens none"
        ),
    )


def _fill(bare: Path) -> None:
    """Give a bare repository its files, some kilobytes each, as manifests are."""
    lines = ["commit refs/heads/main", "committer Ada <ada@example.com> 1767225600 +0000"]
    lines += ["data 5", "Begin"]
    for number in range(FILES):
        text = "".join(f"key-{line}: {number * line}\n" for line in range(200))
        path = f"services/service-{number // 20:04d}/file-{number % 20:02d}.yaml"
        lines += [f"M 100644 inline {path}", f"data {len(text)}", text]
    stream = "\n".join([*lines, "", "done", ""])
    for words in (["fast-import", "--quiet"], ["repack", "-adq"]):
        given = stream if words[0] == "fast-import" else ""
        subprocess.run(["git", *words], cwd=bare, input=given, text=True, check=True)


def _files(round_number: int, number: int) -> dict[str, str]:
    service = f"services/service-{round_number * CHANGES + number:04d}"
    return {
        f"{service}/file-{each:02d}.yaml": f"value: {round_number}\n"
        for each in range(FILES_OF_A_CHANGE)
    }


def _register(url: str, bare: Path) -> tuple[Any, Any]:
    """Register the code host and its repository; return the repository, and who may ask for changes."""
    from flagstone.accounts.models import User  # noqa: PLC0415 - Django is set up by then
    from flagstone.forge.credentials import keep_secret  # noqa: PLC0415
    from flagstone.forge.models import CodeHost, HostKind, Repository  # noqa: PLC0415

    host = CodeHost.objects.create(
        name="bench-git", kind=HostKind.GITEA, web_url=url, user_name=USER
    )
    keep_secret(host, "token", TOKEN)
    repository = Repository.objects.create(
        host=host,
        full_name=REPO,
        default_branch="main",
        head_commit=_GitHost(bare).commit_of("main"),
    )
    return repository, User.objects.create_superuser("ships")


@contextmanager
def _workers(place: Path) -> Iterator[None]:
    from flagstone.config.celery import app  # noqa: PLC0415 - Django is set up by then

    log = place / "worker.log"
    worker = spawn("worker", worker_command(processes=WORKERS), log=log, env=dict(os.environ))
    try:
        wait_until(lambda: bool(app.control.ping(timeout=1)), worker, timeout=60, what="The worker")
        yield
    finally:
        worker.stop(20)


def _through_flagstone(actor: Any, repository: Any, round_number: int) -> float:
    """Ask for the changes, and return the seconds until each has its pull request."""
    from flagstone.forge.actions import request_change  # noqa: PLC0415
    from flagstone.forge.models import ChangeRequest, ChangeState  # noqa: PLC0415

    begun = time.perf_counter()
    keys = [
        request_change(
            actor=actor,
            repository=repository,
            title=_TITLE.format(number=number, round_number=round_number),
            body="Why.",
            files={path: text.encode() for path, text in _files(round_number, number).items()},
            source=f"bench:{round_number}:{number}",
        ).pk
        for number in range(CHANGES)
    ]
    opened = ChangeRequest.objects.filter(pk__in=keys, state=ChangeState.OPENED)
    while opened.count() < CHANGES:
        if time.perf_counter() - begun > _LIMIT_SECONDS:
            states = ChangeRequest.objects.filter(pk__in=keys).values_list("state", "last_error")
            raise RuntimeError(f"not all changes were opened: {sorted(set(states))}")
        time.sleep(0.01)
    return time.perf_counter() - begun


def _by_hand(url: str, place: Path, round_number: int) -> float:
    """Push the same with nothing but git, as many at a time, and return the seconds."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as hands:
        list(hands.map(lambda number: _push_one(url, place, round_number, number), range(CHANGES)))
    return time.perf_counter() - begun


def _push_one(url: str, place: Path, round_number: int, number: int) -> None:
    clone = place / f"by-hand-{round_number}-{number}.git"
    basic = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
    person = {
        f"GIT_{who}_{what}": "p@example.com"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    environment = {
        **os.environ,
        **person,
        "GIT_INDEX_FILE": str(clone / "index"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }

    def git(*words: str, given: str = "", cwd: Path = clone) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=cwd,
            input=given,
            env=environment,
            text=True,
            capture_output=True,
            check=True,
        )
        return done.stdout.strip()

    shallow = ("--bare", "--depth=1", "--filter=blob:none", "--quiet")
    git("clone", *shallow, url, str(clone), cwd=place)
    files, marks = _files(round_number, number), clone / "marks"
    stream = "".join(
        f"blob\nmark :{mark}\ndata {len(text)}\n{text}\n"
        for mark, text in enumerate(files.values(), 1)
    )
    git("fast-import", "--quiet", f"--export-marks={marks}", given=stream)
    blobs = dict(line.split() for line in marks.read_text().splitlines())
    entries = "".join(f"100644 {blobs[f':{mark}']}\t{path}\n" for mark, path in enumerate(files, 1))
    git("read-tree", "HEAD")
    git("update-index", "--index-info", given=entries)
    commit = git("commit-tree", git("write-tree", "--missing-ok"), "-p", "HEAD", "-m", "Change")
    git("push", "--quiet", "origin", f"{commit}:refs/heads/by-hand-{round_number}-{number}")
