"""Answers that the code of a template forges: none brings a file that may not be."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from flagstone.scaffolding.errors import (
    LimitExceeded,
    TemplateError,
    UnsafeTemplate,
)
from tests.scaffolding.building import write_layer
from tests.scaffolding.engine.jails import HASTY, SMALL, run, with_hook


def test_code_that_falls_silent_and_stays_is_stopped(tmp_path):
    layer = forging(tmp_path, "a")
    forger = (layer / "local_extensions.py").read_text()
    silent = "import signal, time; signal.alarm(0); os.closerange(0, 64); time.sleep(600)"
    (layer / "local_extensions.py").write_text(forger.replace("os._exit(0)", silent))
    with pytest.raises(LimitExceeded) as caught:
        run(layer, HASTY)
    assert caught.value.message == "shop/service: takes longer than 3 seconds"


def test_a_forged_answer_is_not_believed(tmp_path):
    # the hook finds the renderer's own stream and writes to it first
    layer = with_hook(
        tmp_path,
        "import os\n"
        "parent = f'/proc/{os.getppid()}/fd'\n"
        "for fd in range(3, 20):\n"
        "    try:\n"
        "        if 'pipe' in os.readlink(f'{parent}/{fd}'):\n"
        "            with open(f'{parent}/{fd}', 'wb') as stream: stream.write(b'{}' * 600)\n"
        "    except OSError: pass\n",
    )
    # where the kernel lets it reach the stream at all, the answer is no answer
    with contextlib.suppress(TemplateError):
        assert run(layer, SMALL).tree.contents() == {"a.txt": b"checkout"}


FORGER = """
import io, os, tarfile
from jinja2.ext import Extension

class Forger(Extension):
    def __init__(self, environment):
        super().__init__(environment)
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in ["answer.json", *NAMES]:
                content = ANSWER if name == "answer.json" else b"x"
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        for descriptor in os.listdir("/proc/self/fd"):
            if int(descriptor) > 2:
                try: os.write(int(descriptor), stream.getvalue())
                except OSError: pass
        os._exit(0)
"""


def forging(folder: Path, *names: str, answer: bytes = b'{"context": {"name": "cart"}}') -> Path:
    """Write a template whose extension answers in the renderer's place, with files of these names."""
    layer = write_layer(folder / "layer", {"a": "x"}, {"_extensions": ["local_extensions.Forger"]})
    forger = FORGER.replace("NAMES", repr(names)).replace("ANSWER", repr(answer))
    (layer / "local_extensions.py").write_text(forger)
    return layer


def test_an_answer_of_the_code_itself_with_harmless_files_is_one(tmp_path):
    assert run(forging(tmp_path, "a", "b/c")).tree.contents() == {"a": b"x", "b/c": b"x"}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("a", ".git/config"), "writes a file whose name has the part '.git': '.git/config'"),
        (("a/.GIT/config",), "writes a file whose name has the part '.GIT': 'a/.GIT/config'"),
        (("a/.git",), "writes a file whose name has the part '.git': 'a/.git'"),
        (("",), "writes a file whose name has an empty part: ''"),
        (("a//b",), "writes a file whose name has an empty part: 'a//b'"),
        (("/etc/x",), "writes a file whose name has an empty part: '/etc/x'"),
        (("./a",), "writes a file whose name has the part '.': './a'"),
        (("../a",), "writes a file whose name has the part '..': '../a'"),
        (("d" * 201,), f"writes a file whose name has a part that no file name may be: '{'d' * 201}'"),
        (("a", "a"), "writes 'a' twice"),
        (("a/b", "a"), "writes 'a/b', although 'a' is a file"),
    ],
)  # fmt: skip
def test_a_forged_answer_brings_no_file_that_may_not_be(tmp_path, names, reason):
    with pytest.raises(UnsafeTemplate) as caught:
        run(forging(tmp_path, *names))
    assert caught.value.message == f"shop/service: {reason}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (rb'{"context": {"a": "x\u0000y"}}', "the variable 'a' comes out so that it holds the character NUL"),
        (rb'{"context": {"a": ["\ud800"]}}', "the variable 'a' comes out so that it holds half of a character"),
        (b'{"context": {"a": NaN}}', "the variable 'a' comes out so that it holds a number that JSON does not"),
        (b'{"context": ' + b'{"a":' * 50 + b"1" + b"}" * 51, "the variable 'a' comes out so that it is nested"),
        (b'{"context": {"a": "' + b"x" * 3_000_000 + b'"}}', "has variables that come to more than 2 MB"),
        (b'{"context": [1]}', "the renderer ended without an answer: "),
        (b"{}", "the renderer ended without an answer: "),
        (b'{"fault": {}}', "the renderer ended without an answer: "),
        (b"[]", "the renderer ended without an answer: "),
    ],
)  # fmt: skip
def test_a_forged_answer_that_cannot_be_kept_says_why(tmp_path, answer, reason):
    with pytest.raises(TemplateError) as caught:
        run(forging(tmp_path, "a", answer=answer))
    assert caught.value.reason.startswith(reason)


def test_a_forged_answer_that_is_nested_without_end_is_none(tmp_path):
    nested = b'{"context":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    with pytest.raises(TemplateError) as caught:
        run(forging(tmp_path, "a", answer=nested))
    assert caught.value.reason.startswith("the renderer ended without an answer: ")
