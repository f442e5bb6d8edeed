"""The wall by itself, without the sandbox in front of it: Python code in the place of a template."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import ctypes, os, shutil, socket, subprocess, sys
from pathlib import Path
from flagstone.scaffolding.engine.guard import Refused, TooMuch, Wall, limit_process
run, own, outside = map(Path, sys.argv[1:])
Wall(run, [own], max_files=5, max_bytes=1000).build()
try:
"""
EPILOGUE = """
except (Refused, TooMuch) as refusal:
    sys.stdout.write(type(refusal).__name__ + ': ' + str(refusal))
else:
    sys.stdout.write('done')
"""


@pytest.fixture
def behind_the_wall(tmp_path):
    for name in ("run", "own", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "there").write_text("x")

    def run(code: str) -> str:
        script = PRELUDE + textwrap.indent(textwrap.dedent(code).strip(), "    ") + EPILOGUE
        result = subprocess.run(
            [
                sys.executable,
                "-I",
                "-c",
                script,
                *(str(tmp_path / n) for n in ("run", "own", "outside")),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.replace(str(tmp_path), "")

    return run


@pytest.mark.parametrize(
    "code",
    [
        "(run / 'a').write_text('x')",
        "(run / 'a' / 'b').mkdir(parents=True)",
        "(own / 'there').read_text()",
        "shutil.copytree(own, run / 'copy')",
        "shutil.rmtree(run)",
        "import wave",
    ],
)
def test_what_rendering_needs_is_let_through(behind_the_wall, code):
    assert behind_the_wall(code) == "done"


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("(outside / 'a').write_text('x')", "tried to write /outside/a, outside its folder"),
        ("(own / 'a').write_text('x')", "tried to write /own/a, outside its folder"),
        (
            "os.open(outside / 'a', os.O_CREAT | os.O_WRONLY)",
            "tried to write /outside/a, outside its folder",
        ),
        ("(outside / 'there').read_text()", "tried to read /outside/there, which is not its own"),
        (
            "(run / '..' / 'outside' / 'there').read_text()",
            "tried to read /outside/there, which is not its own",
        ),
        ("(outside / 'a').mkdir()", "tried to write /outside/a, outside its folder"),
        ("(outside / 'there').unlink()", "tried to write /outside/there, outside its folder"),
        ("shutil.rmtree(outside)", "tried to read /outside, which is not its own"),
        ("(run / 'there').rename(outside / 'b')", "tried to write /outside/b, outside its folder"),
        (
            "(outside / 'there').rename(run / 'b')",
            "tried to write /outside/there, outside its folder",
        ),
        ("(outside / 'there').chmod(0o777)", "tried to write /outside/there, outside its folder"),
        ("os.truncate(outside / 'there', 0)", "tried os.truncate"),
        ("(run / 'l').symlink_to(outside)", "tried to make a link"),
        ("(run / 'l').hardlink_to(outside / 'there')", "tried to make a link"),
        ("subprocess.run(['id'])", "tried subprocess.Popen"),
        ("os.system('id')", "tried os.system"),
        ("os.fork()", "tried os.fork"),
        ("os.execv('/bin/id', ['id'])", "tried os.exec"),
        ("os.kill(1, 0)", "tried os.kill"),
        ("socket.socket()", "tried socket.__new__"),
        ("socket.getaddrinfo('example.com', 80)", "tried socket.getaddrinfo"),
        ("ctypes.CDLL('libc.so.6')", "tried ctypes.dlopen"),
        ("os.environ['A'] = 'b'", "tried os.putenv"),
    ],
)
def test_what_no_template_may_do_is_refused(behind_the_wall, code, refusal):
    assert behind_the_wall(code) == f"Refused: {refusal}"


def test_a_linked_folder_does_not_hide_where_it_leads(behind_the_wall, tmp_path):
    (tmp_path / "run" / "link").symlink_to(tmp_path / "outside")
    assert behind_the_wall("(run / 'link' / 'a').write_text('x')") == (
        "Refused: tried to write /outside/a, outside its folder"
    )


def test_too_many_files(behind_the_wall):
    assert behind_the_wall("for n in range(6): (run / str(n)).write_text('x')") == (
        "TooMuch: writes more than 5 files"
    )


def test_too_many_bytes(behind_the_wall):
    assert behind_the_wall("for n in range(3): (run / str(n)).write_text('x' * 900)") == (
        "TooMuch: writes more than 0 MB"
    )


def test_catching_exceptions_does_not_help(behind_the_wall):
    code = """
        try:
            os.system('id')
        except Exception:
            pass
    """
    assert behind_the_wall(code) == "Refused: tried os.system"
