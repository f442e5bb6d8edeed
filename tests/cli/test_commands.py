"""Each command is imported when it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
COMMANDS = ["score", "render", "init-gitops", "audit", "forge", "policy"]


def imported(*arguments: str) -> set[str]:
    """The commands' modules that one run of the command imports."""
    code = (
        "import sys; from flagstone.cli.main import main; sys.argv[0] = 'flagstone'\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join(m for m in sys.modules if m.startswith('flagstone.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "platform")},
        check=False,
        timeout=120,
    )
    return set(done.stderr.split())


def test_score_imports_nothing_of_the_other_commands() -> None:
    modules = imported("score", "--help")

    assert "flagstone.cli.score" in modules
    others = {"flagstone.cli.render", "flagstone.cli.policy", "flagstone.cli.init_gitops"}
    assert not modules & others
    assert not [name for name in modules if name.startswith("flagstone.scaffolding")]


def test_the_version_imports_no_command_at_all() -> None:
    assert not imported("--version") & {"flagstone.cli.score", "flagstone.cli.render"}


def test_the_help_lists_every_command(run) -> None:
    listed = [line.split()[0] for line in run("--help").out.splitlines() if line.strip()]

    assert [word for word in listed if word in COMMANDS] == COMMANDS


@pytest.mark.parametrize("group", [(), ("policy",), ("audit",), ("forge",)])
def test_the_help_of_a_group_says_what_each_command_does_in_whole_sentences(run, group) -> None:
    _, _, commands = run(*group, "--help").out.partition("Commands:\n")

    assert commands
    assert [line for line in commands.splitlines() if line and not line.endswith(".")] == []
    assert "..." not in commands


@pytest.mark.parametrize(("typed", "meant"), [("scor", "score"), ("polcy", "policy")])
def test_a_misspelled_command_is_compared_with_all(run, typed, meant) -> None:
    done = run(typed)

    assert done.status == 2
    assert f"Did you mean '{meant}'?" in done.err


@pytest.mark.parametrize(
    ("arguments", "where", "left"),
    [
        (
            ("score", "{}"),
            "flagstone.cli.score.read_folder",
            "there is no whole report: run it again, which is faster, as what promtool answered is kept",
        ),
        (
            ("policy", "test", "{}"),
            "flagstone.cli.policy.read_folder",
            "it is not done: run the same command again",
        ),
    ],
)
def test_ctrl_c_says_what_is_left(
    run: Callable[..., Run],
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    where: str,
    left: str,
) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, pressed)

    done = run(*(each.format(repository) for each in arguments))

    assert (done.status, done.out) == (130, "")
    assert done.err.endswith(f"\nflagstone: interrupted; {left}.\n")
