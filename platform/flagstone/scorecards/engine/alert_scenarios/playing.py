"""Running promtool's tests in child processes that end in time; answers are remembered by content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flagstone.scorecards.engine.alert_scenarios import kept_answers
from flagstone.scorecards.engine.alert_scenarios.test_files import Firing, Play, read_answers

_SECONDS_EACH = 60
_SECONDS_ALL = 240
_MEMORY = 6 * 2**30  # of addresses, of which Go reserves many and uses few
_FILE = 2**29
_LONGEST_OUTPUT = 2**18
_OUR_FILE = re.compile(r'rules\.json: (?:\d+:\d+: )?(?:group "played", rule \d+, )?')
_SELDOM_COLLECTED = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}  # garbage: a fifth of the time, for 60 MB


@dataclass(frozen=True, slots=True)
class Played:
    """What promtool answered; `reason` says why it did not."""

    firing: Firing
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """What promtool printed; `reason` says why it did not end."""

    output: str
    reason: str = ""


def play_all(tool: str, plays: Iterable[Play]) -> dict[Play, Played]:
    """Play each once, on every core, within a few minutes altogether."""
    return {play: _played(printed) for play, printed in print_all(tool, plays).items()}


def _played(printed: Printed) -> Played:
    if printed.reason:
        return Played({}, printed.reason)
    found = read_answers(printed.output)
    if not found:
        return Played({}, f"promtool could not play them: {_complaint(printed.output)}")
    return Played(found)


def _complaint(output: str) -> str:
    """What promtool says first, without the places in files that nobody but it has seen."""
    lines = [line.strip() for line in output.splitlines()]
    said = [line for line in lines if line and not line.startswith(("Unit Testing:", "FAILED:"))]
    return _OUR_FILE.sub("", said[0])[:300] if said else "it said nothing"


def print_all(tool: str, plays: Iterable[Play]) -> dict[Play, Printed]:
    """Run each test file once, on every core, within a few minutes altogether."""
    wanted = list(dict.fromkeys(plays))
    until = time.monotonic() + _SECONDS_ALL
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        answers = pool.map(lambda play: _printed(tool, play, until), wanted)
        return dict(zip(wanted, answers, strict=True))


def _printed(tool: str, play: Play, until: float) -> Printed:
    key = _key(tool, play)
    output = kept_answers.find(key)
    if output is None:
        found = _run(tool, play, min(_SECONDS_EACH, until - time.monotonic()))
        if found.reason:
            return found
        output = found.output
        kept_answers.keep(key, output)
    return Printed(output)


def _key(tool: str, play: Play) -> str:
    try:
        program = Path(tool).stat()
        version = f"{program.st_size} {program.st_mtime_ns}"
    except OSError:
        version = tool
    return hashlib.sha256("\0".join((version, play.rules, play.tests)).encode()).hexdigest()


def _run(tool: str, play: Play, seconds: float) -> Printed:
    if seconds <= 0:
        reason = f"the tests of all services took over {_SECONDS_ALL} seconds"
        return Printed("", f"{reason}; evaluate again: what was run is remembered")
    with tempfile.TemporaryDirectory(prefix="flagstone-play-") as folder:
        Path(folder, "rules.json").write_text(play.rules, encoding="utf-8")
        Path(folder, "tests.json").write_text(play.tests, encoding="utf-8")
        try:
            return Printed(_output([tool, "test", "rules", "tests.json"], folder, seconds))
        except TimeoutError:  # which is an OSError too
            return Printed("", f"promtool did not finish these rules in {seconds:.0f} seconds")
        except OSError as error:
            return Printed("", f"promtool did not answer: {error}")


def _output(command: list[str], folder: str, seconds: float) -> str:
    """What a command prints, to both of its outputs.

    Raises:
        TimeoutError: it took longer, and was killed with all that it started.
        OSError: it could not be started.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": "", "HOME": folder, "TMPDIR": folder, **_SELDOM_COLLECTED},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        for limit, value in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_FSIZE, _FILE)):
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, limit, (value, value))
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return output.read(_LONGEST_OUTPUT).decode("utf-8", "replace")
