"""One service from answers to an open pull request, over the same by hand with cookiecutter and git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import Result
from flagstone.core.content import content_dir

RUNS = 7
ANSWERS = {
    "description": "Takes a basket and a card and turns them into a paid order.",
    "owner": "group:default/payments-platform",
    "system": "system:default/payments",
    "tier": "1",
}


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as folder:
        place = Path(folder)
        actor = _organisation()
        by_hand = ByHand(place)
        ours, theirs = [], []
        for number in range(RUNS + 1):
            theirs.append(by_hand.make(f"hand{number:02d}"))
            ours.append(_through_flagstone(actor, f"svc{number:02d}"))
    mine, hand = sorted(ours[1:])[RUNS // 2], sorted(theirs[1:])[RUNS // 2]  # the first warms up
    yield Result(
        name="One service: render, commit, push, open the pull request, over doing it by hand",
        value=mine / hand,
        target=1.5,
        detail=f"Flagstone {mine:.2f} s, by hand (4 cookiecutter, 2 git commit, 2 git push) {hand:.2f} s",
    )


def _organisation() -> Any:
    """An admin, a GitOps repository as the demo has it, and the squad and system that own the services."""
    from flagstone.accounts.models import User  # noqa: PLC0415 - Django is set up by now
    from flagstone.config.demo.loading import load  # noqa: PLC0415

    load()
    return User.objects.get(username="emeka")


def _through_flagstone(actor: Any, name: str) -> float:
    from flagstone.forge.models import PullRequest  # noqa: PLC0415
    from flagstone.scaffolding.actions import request_run  # noqa: PLC0415
    from flagstone.scaffolding.pipeline import execute  # noqa: PLC0415

    begun = time.perf_counter()
    run = request_run(actor=actor, scaffold_id="python-api", answers={"name": name, **ANSWERS})
    execute(run.pk)
    seconds = time.perf_counter() - begun
    run.refresh_from_db()
    if (
        run.pull_request is None
        or not PullRequest.objects.open().filter(pk=run.pull_request.pk).exists()
    ):
        raise RuntimeError(f"no pull request: {run.error}")
    return seconds


class ByHand:
    """A person with a clone of the GitOps repository, cookiecutter and git."""

    def __init__(self, place: Path) -> None:
        from django.conf import settings  # noqa: PLC0415

        self.place, self.clone = place, place / "gitops"
        self.upstream = place / "gitops.git"
        origin = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / "fintech" / "gitops.git"
        self._run("git", "clone", "-q", "--bare", str(origin), str(self.upstream), cwd=place)
        self._run("git", "clone", "-q", str(self.upstream), str(self.clone), cwd=place)

    def make(self, name: str) -> float:
        scaffolds, output = content_dir("scaffolds"), self.place / f"out-{name}"
        service_upstream = self.place / f"{name}.git"
        self._run(
            "git", "init", "-q", "--bare", "-b", "main", str(service_upstream), cwd=self.place
        )
        answers = {"name": name, **ANSWERS, "created": "2026-11-23"}
        begun = time.perf_counter()
        for number, layer in enumerate(("service-base", "python-base", "python-api/service")):
            self._cookiecutter(scaffolds / layer, output / str(number), answers)
        self._cookiecutter(scaffolds / "paved-path", output / "paved", answers)
        service = output / "0" / name
        for number in (1, 2):
            shutil.copytree(output / str(number) / name, service, dirs_exist_ok=True)
        self._run("git", "init", "-q", "-b", "main", cwd=service)
        self._commit_and_push(service, str(service_upstream), "main")
        self._run("git", "switch", "-q", "-c", name, "origin/HEAD", cwd=self.clone)
        shutil.copytree(output / "paved" / name, self.clone, dirs_exist_ok=True)
        self._commit_and_push(self.clone, "origin", name)
        return time.perf_counter() - begun

    def _cookiecutter(self, template: Path, output: Path, answers: Mapping[str, str]) -> None:
        known = (template / "cookiecutter.json").read_text()
        words = [f"{key}={value}" for key, value in answers.items() if f'"{key}"' in known]
        command = str(Path(sys.executable).with_name("cookiecutter"))
        self._run(command, "--no-input", "-o", str(output), str(template), *words, cwd=self.place)

    def _commit_and_push(self, folder: Path, remote: str, branch: str) -> None:
        self._run("git", "add", "-A", cwd=folder)
        self._run("git", "commit", "-q", "-m", "Add the service", cwd=folder)
        self._run("git", "push", "-q", remote, f"HEAD:refs/heads/{branch}", cwd=folder)

    def _run(self, *words: str, cwd: Path) -> None:
        person = {"GIT_AUTHOR_NAME": "P", "GIT_AUTHOR_EMAIL": "p@example.com"}
        committer = {"GIT_COMMITTER_NAME": "P", "GIT_COMMITTER_EMAIL": "p@example.com"}
        home = {"HOME": str(self.place), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(
            words,
            cwd=cwd,
            check=True,
            capture_output=True,
            env={**os.environ, **person, **committer, **home},
        )
