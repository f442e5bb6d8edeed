"""The child process of the jail: `python -I -m flagstone.scaffolding.engine.jailed_child`, a JSON job on stdin.

Here a template's hooks and extensions run as cookiecutter runs them. The answer is a tar stream on stdout: the
document `answer.json`, then every file that was written.
"""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cookiecutter import generate, hooks
from cookiecutter.exceptions import FailedHookException
from cookiecutter.find import find_template
from cookiecutter.utils import create_env_with_context

from flagstone.scaffolding.engine.context import declared_by, finish_context
from flagstone.scaffolding.engine.faults import Fault, fault_of
from flagstone.scaffolding.engine.guard import limit_process
from flagstone.scaffolding.engine.occasion import Playing, Unheeded, take_place
from flagstone.scaffolding.engine.path_checks import check_paths

ANSWER = "answer.json"


def main() -> None:
    job = json.load(sys.stdin.buffer)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # what hooks print is not the answer
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    _become(job["user"])
    limit_process(**job["limits"], processes=job["processes"])
    logging.disable()
    playing = take_place(job["occasion"])
    outcome = render(job, playing)
    with tarfile.open(fileobj=answers, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        if isinstance(outcome, Fault):
            _add_answer(archive, {"fault": asdict(outcome)})
            return
        files = list(_written(Path(job["target"])))
        if fault := _too_much(files, job["max_files"], job["max_bytes"]):
            _add_answer(archive, {"fault": asdict(fault)})
            return
        _add_answer(archive, {"context": outcome, "by_chance": playing.mattered})
        for name, path in files:
            archive.add(path, name, recursive=False)


def render(job: Mapping[str, Any], playing: Playing | Unheeded) -> dict[str, Any] | Fault:
    """Render the layer as cookiecutter does, hooks and extensions and all, but for answers that stay data."""
    running = _RememberedHooks()
    top = ""
    try:
        repository = running.before_the_questions(job["folder"])
        # extensions of the template's own lie beside its cookiecutter.json
        sys.path.append(repository)
        declared = declared_by(Path(repository), job["given"], job["options"])
        finishing = create_env_with_context({"cookiecutter": declared})
        context = finish_context(
            declared, job["given"], finishing, address=job["address"], begin=playing.begin
        )
        variables: dict[str, Any] = context["cookiecutter"]
        if job["only_variables"]:
            return variables
        playing.begin("/")
        environment = create_env_with_context(context)
        template = find_template(repository, environment)
        top = template.name
        check_paths(template, context, environment)
        generate.generate_files(
            repo_dir=repository,
            context=context,
            output_dir=Path(job["target"]),
            accept_hooks=True,
            keep_project_on_failure=True,
        )
    except FailedHookException as failure:
        return Fault("hook", _reason(failure), running.current)
    except json.JSONDecodeError as failure:
        return Fault(
            "template", f"is not valid JSON: {failure.msg}", "cookiecutter.json", failure.lineno
        )
    except BaseException as failure:  # noqa: BLE001 - the process edge: every failure becomes an answer
        return fault_of(failure, top)
    return variables


class _RememberedHooks:
    """Knows which hook is running: cookiecutter's errors do not say."""

    def __init__(self) -> None:
        self.current = ""
        self._run = hooks.run_script_with_context
        hooks.run_script_with_context = self._remember

    def before_the_questions(self, folder: str) -> str:
        self.current = "hooks/pre_prompt"
        return str(hooks.run_pre_prompt_hook(folder))

    def _remember(self, script: Path | str, folder: Path | str, context: dict[str, Any]) -> None:
        self.current = f"hooks/{Path(script).name}"
        self._run(script, folder, context)


def _reason(failure: FailedHookException) -> str:
    """Say how a hook ended; a signal's name means more than its number."""
    cause = failure.__cause__ if isinstance(failure.__cause__, FailedHookException) else failure
    text = str(cause).removeprefix("Hook script failed").strip(" ,()") or "failed"
    number = text.removeprefix("exit status: -")
    if number.isdigit() and number != text:
        return f"was ended by {signal.Signals(int(number)).name}"
    return f"failed ({text})"


def _become(user: int | None) -> None:
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def _written(target: Path) -> Iterator[tuple[str, Path]]:
    """Yield what lies below the one folder that was written; a repository that a hook made is not part of it."""
    tops = sorted(target.iterdir())
    for top in tops:
        for folder, folders, files in os.walk(top):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in sorted([*files, *links]):
                path = Path(folder, name)
                shown = path.relative_to(top if len(tops) == 1 else target).as_posix()
                yield shown, path


def _too_much(files: list[tuple[str, Path]], max_files: int, max_bytes: int) -> Fault | None:
    if len(files) > max_files:
        return Fault("limit", f"writes more than {max_files} files")
    if sum(path.lstat().st_size for _, path in files) > max_bytes:
        return Fault("limit", f"writes more than {max_bytes // (1024 * 1024)} MB")
    return None


def _add_answer(archive: tarfile.TarFile, document: Mapping[str, Any]) -> None:
    content = json.dumps(document).encode()
    entry = tarfile.TarInfo(ANSWER)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    main()
