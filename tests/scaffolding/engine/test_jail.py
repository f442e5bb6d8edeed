"""Templates whose own code runs: what it may do, what it cannot reach, and how it is stopped."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from flagstone.scaffolding.engine import jail
from flagstone.scaffolding.engine.jobs import LayerJob, Limits
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.trees import RenderedFile
from flagstone.scaffolding.errors import (
    HookFailed,
    JailMissing,
    LimitExceeded,
    TemplateError,
    UnsafeTemplate,
)
from tests.scaffolding.building import TOP, write_layer

# tests side by side tell their processes apart by it
SLEEP = f"600.{os.getpid()}"
SMALL = Limits(wall_seconds=8, cpu_seconds=2, file_bytes=1_000_000, total_bytes=4_000_000, files=50)


def with_hook(folder: Path, script: str, name: str = "post_gen_project.py", **files: str) -> Path:
    layer = write_layer(folder / "layer", {"a.txt": "{{ cookiecutter.name }}", **files})
    hook = layer / "hooks" / name
    hook.parent.mkdir()
    hook.write_text(script)
    return layer


def run(layer: Path, limits: Limits | None = None, **given: object):
    (rendered,) = render_layers([LayerJob(layer, given, "shop/service", True)], limits=limits)
    return rendered


@pytest.mark.parametrize("runs_code", [False, True])
def test_templates_of_older_cookiecutters_tell_the_time(tmp_path, runs_code):
    asked = {"_extensions": ["jinja2_time.TimeExtension"]}
    layer = write_layer(tmp_path / "layer", {"year": "{% now 'utc', '%Y' %}"}, asked)
    (rendered,) = render_layers([LayerJob(layer, {}, "shop/service", runs_code)])
    assert rendered.tree.contents() == {"year": f"{datetime.now(UTC):%Y}".encode()}


def test_hooks_shape_the_tree_and_what_they_say_is_kept(tmp_path):
    layer = with_hook(
        tmp_path,
        "from pathlib import Path\n"
        "Path('a.txt').unlink()\n"
        "Path('b.sh').write_text('{{ cookiecutter.name }}')\n"
        "Path('b.sh').chmod(0o755)\n"
        "print('made b.sh')\n",
    )
    rendered = run(layer, name="cart")
    assert rendered.tree.files == {"b.sh": RenderedFile(b"cart", executable=True)}
    assert rendered.said == "made b.sh"
    assert rendered.variables["name"] == "cart"


def test_every_kind_of_hook_runs_in_its_order(tmp_path):
    layer = with_hook(tmp_path, '#!/bin/sh\necho "pre $(ls)" >> log.txt\n', "pre_gen_project.sh")
    (layer / "hooks" / "pre_prompt.py").write_text(
        "import json\nwith open('cookiecutter.json') as f: d = json.load(f)\n"
        "d['team'] = 'from pre_prompt'\nwith open('cookiecutter.json', 'w') as f: json.dump(d, f)\n"
    )
    (layer / TOP / "team.txt").write_text("{{ cookiecutter.team }}")
    (layer / "hooks" / "post_gen_project.sh").write_text(
        "#!/bin/sh\necho \"post $(ls | tr '\\n' ' ')\" >> log.txt\n"
    )
    tree = run(layer).tree.contents()
    assert tree == {
        "a.txt": b"checkout",
        "log.txt": b"pre \npost a.txt log.txt team.txt \n",
        "team.txt": b"from pre_prompt",
    }
    assert json.loads((layer / "cookiecutter.json").read_text()) == {"name": "checkout"}


def test_an_extension_of_the_templates_own(tmp_path):
    layer = write_layer(
        tmp_path / "layer",
        {"a.txt": "{{ cookiecutter.name | shout }}"},
        {"_extensions": ["local_extensions.Shout"], "derived": "{{ cookiecutter.name | shout }}"},
    )
    (layer / "local_extensions.py").write_text(
        "from jinja2.ext import Extension\n"
        "class Shout(Extension):\n"
        "    def __init__(self, environment):\n"
        "        super().__init__(environment)\n"
        "        environment.filters['shout'] = lambda text: text.upper() + '!'\n"
    )
    rendered = run(layer, name="cart")
    assert rendered.tree.contents() == {"a.txt": b"CART!"}
    assert rendered.variables["derived"] == "CART!"


def test_a_steps_options_hold_in_the_jail_as_well(tmp_path):
    layer = with_hook(tmp_path, "print('ran')", **{"raw.txt": "{{ cookiecutter.name }}"})
    job = LayerJob(
        layer, {"name": "cart"}, "shop/service", True, options={"copyWithoutRender": ["raw.txt"]}
    )
    (rendered,) = render_layers([job])
    assert rendered.tree.contents() == {"a.txt": b"cart", "raw.txt": b"{{ cookiecutter.name }}"}


def test_a_layer_without_cookiecutter_json_takes_what_is_given_in_the_jail_as_well(tmp_path):
    layer = with_hook(tmp_path, "print('ran')")
    (layer / "cookiecutter.json").unlink()
    assert run(layer, name="cart").tree.contents() == {"a.txt": b"cart"}


def test_answers_stay_data(tmp_path):
    layer = write_layer(
        tmp_path / "layer",
        {"a.txt": "{{ cookiecutter.text }}|{{ cookiecutter.derived }}"},
        {"text": "", "derived": "{{ cookiecutter.text }}"},
    )
    assert run(layer, text="{{ 7 * 7 }}").tree.contents() == {"a.txt": b"{{ 7 * 7 }}|{{ 7 * 7 }}"}
    with pytest.raises(UnsafeTemplate) as caught:
        run(layer, name="{{ 7 * 7 }}")
    assert caught.value.message == (
        f"shop/service/{TOP}: becomes '{{{{ 7 * 7 }}}}', which holds template marks, "
        "which would be rendered a second time"
    )


def test_a_repository_that_a_hook_makes_is_left_out(tmp_path):
    layer = with_hook(
        tmp_path,
        "#!/bin/sh\nset -e\ngit init -q .\ngit add .\ngit commit -qm first\n",
        "post_gen_project.sh",
    )
    assert run(layer).tree.contents() == {"a.txt": b"checkout"}


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "import sys\nsys.exit('no such team: {{ cookiecutter.name }}')",
            "failed (exit status: 1). It said: no such team: checkout",
        ),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", "was ended by SIGTERM"),
    ],
)
def test_a_hook_that_fails_is_named_with_what_it_said(tmp_path, script, message):
    with pytest.raises(HookFailed) as caught:
        run(with_hook(tmp_path, script))
    assert caught.value.message == f"shop/service/hooks/post_gen_project.py: {message}"
    assert caught.value.code == "scaffold.hook_failed"


def test_the_network_is_not_there(tmp_path):
    layer = with_hook(
        tmp_path,
        "import socket\n"
        "names = sorted(name for _, name in socket.if_nameindex())\n"
        "try:\n    socket.create_connection(('127.0.0.1', {{ cookiecutter.port }}), 1)\n"
        "except OSError as error:\n    names.append(error.strerror)\n"
        "open('a.txt', 'w').write(' '.join(names))\n",
    )
    (layer / "cookiecutter.json").write_text(json.dumps({"name": "x", "port": "0"}))
    with socket.create_server(("127.0.0.1", 0)) as server:
        tree = run(layer, port=str(server.getsockname()[1])).tree.contents()
    assert tree == {"a.txt": b"lo Connection refused"}


def test_neither_secrets_nor_files_nor_processes_of_others_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("FLAGSTONE_SECRET_KEY", "hunter2")
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    layer = with_hook(
        tmp_path,
        "import json, os, sys\n"
        "found = {\n"
        "  'environment': sorted(os.environ),\n"
        f"  'secret': os.path.exists({str(secret)!r}),\n"
        f"  'tests': os.path.exists({str(Path(__file__).parent)!r}),\n"
        "  'passwd': os.path.exists('/etc/passwd'),\n"
        "  'root': os.getuid() == 0,\n"
        "  'processes': len([p for p in os.listdir('/proc') if p.isdigit()]) < 6,\n"
        "}\n"
        "json.dump(found, open('a.txt', 'w'))\n",
    )
    found = json.loads(run(layer).tree.contents()["a.txt"])
    assert "FLAGSTONE_SECRET_KEY" not in found.pop("environment")
    assert found == {
        "secret": False,
        "tests": False,
        "passwd": False,
        "root": False,
        "processes": True,
    }


def test_nothing_outside_can_be_written(tmp_path):
    layer = with_hook(
        tmp_path,
        "import os, sys\n"
        "said = []\n"
        f"for place in ('/layer/x', '/usr/x', '/etc/x', sys.prefix + '/x', os.__file__, {str(tmp_path)!r}):\n"
        "    try:\n        open(place, 'w').write('x')\n"
        "    except OSError as error:\n        said.append(error.strerror)\n"
        "open('a.txt', 'w').write('\\n'.join(said))\n",
    )
    said = run(layer).tree.contents()["a.txt"].decode().split("\n")
    assert len(said) == 6
    assert set(said) <= {"Read-only file system", "Permission denied", "No such file or directory"}
    assert not (layer / "x").exists()


def is_there(name: str) -> bool:
    """Tell whether a process of the jail is left."""
    return any(
        name in " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
    )


def ends(name: str) -> bool:
    return comes_true(lambda: not is_there(name))


def comes_true(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize(
    ("name", "script", "error", "reason"),
    [
        (
            "post_gen_project.sh",
            "#!/bin/sh\nsleep SLEEP\n",
            LimitExceeded,
            "takes longer than 8 seconds",
        ),
        (
            "post_gen_project.sh",
            "#!/bin/sh\n(setsid sleep SLEEP &)\nsetsid sleep SLEEP & sleep SLEEP\n",
            LimitExceeded,
            "takes longer than 8 seconds",
        ),
        ("post_gen_project.py", "while True: pass\n", HookFailed, "was ended by SIGXCPU"),
        (
            "post_gen_project.py",
            "import os\nwith open('big', 'wb') as f:\n    f.truncate(10**9)\n",
            HookFailed,
            "failed (exit status: 1). It said:",
        ),
        (
            "post_gen_project.py",
            "for n in range(2000):\n    open(f'f{n}', 'w').close()\n",
            LimitExceeded,
            "writes more than 50 files",
        ),
        (
            "post_gen_project.py",
            "for n in range(6):\n    open(f'f{n}', 'wb').write(bytes(900000))\n",
            LimitExceeded,
            "writes more than 3 MB",
        ),
        (
            "post_gen_project.py",
            "print('x' * 10**9)\n",
            HookFailed,
            "failed (exit status: 1). It said:",
        ),
        (
            "post_gen_project.py",
            "import os\nos.symlink('/etc/passwd', 'b.txt')\n",
            UnsafeTemplate,
            "writes 'b.txt', which is not a plain file",
        ),
        (
            "post_gen_project.py",
            "import os\nos.mkfifo('b.txt')\n",
            UnsafeTemplate,
            "writes 'b.txt', which is not a plain file",
        ),
        (
            "post_gen_project.py",
            "open('a\\nb', 'w').close()\n",
            UnsafeTemplate,
            "writes a file whose name",
        ),
        (
            "post_gen_project.py",
            "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
            LimitExceeded,
            "computes longer than 2 seconds, ended its own renderer, or was ended by the system for want of memory",
        ),
    ],
)
def test_what_harms_is_stopped_and_leaves_nothing(tmp_path, name, script, error, reason):
    layer = with_hook(tmp_path, script.replace("SLEEP", SLEEP), name)
    started = time.monotonic()
    with pytest.raises(error) as caught:
        run(layer, SMALL)
    assert caught.value.reason.startswith(reason)
    assert time.monotonic() - started < 20
    assert ends(SLEEP)
    assert run(write_layer(tmp_path / "next", {"a": "x"})).tree.contents() == {"a": b"x"}


def test_a_fork_bomb_stays_in_its_jail(tmp_path):
    layer = with_hook(
        tmp_path,
        "import os, time\n"
        "made = 0\n"
        "try:\n"
        "    while made < 1000:\n"
        "        if os.fork() == 0:\n            time.sleep(600)\n"
        "        made += 1\n"
        "except BlockingIOError:\n"
        "    open('a.txt', 'w').write(str(made))\n"
        "    os._exit(0)\n",
    )
    made = int(run(layer, SMALL).tree.contents()["a.txt"])
    assert 10 < made <= SMALL.processes


def as_root_and_as_somebody(monkeypatch, who):
    if who == "somebody":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    elif os.geteuid() != 0:
        pytest.skip("only root has the jail of root")


TRIES = """
import ctypes, errno, json, os
kernel = ctypes.CDLL(None, use_errno=True)
said = {}
def call(name, *words):
    ctypes.set_errno(0)
    getattr(kernel, name)(*words)
    said[name] = errno.errorcode.get(ctypes.get_errno(), "done")
call("unshare", 0x10000000)
call("setns", 0, 0)
call("mount", b"none", b"/tmp", b"tmpfs", 0, None)
call("chroot", b"/tmp")
call("shmget", 0, 4096, 0o1600)
call("msgget", 0, 0o1600)
call("semget", 0, 1, 0o1600)
call("memfd_create", b"x", 0)
# by number: what the library calls is not what everybody must call
CLONE, CLONE3, NEW_USER = {"x86_64": 56, "aarch64": 220}[os.uname().machine], 435, 0x10000000
call("syscall", CLONE, NEW_USER | 17, 0, 0, 0, 0)
said["clone"] = said.pop("syscall")
call("syscall", CLONE3, 0, 0)
said["clone3"] = said.pop("syscall")
said["fork"] = os.waitpid(os.fork() or os._exit(0), 0)[1]
open("a.txt", "w").write(json.dumps(said))
"""


@pytest.mark.parametrize("who", ["root", "somebody"])
def test_the_kernel_gives_neither_namespaces_nor_memory_that_nobody_counts(
    tmp_path, monkeypatch, who
):
    as_root_and_as_somebody(monkeypatch, who)
    said = json.loads(run(with_hook(tmp_path, TRIES)).tree.contents()["a.txt"])
    assert (said.pop("fork"), said.pop("clone3")) == (0, "ENOSYS")
    assert said == dict.fromkeys(said, "EPERM")
    assert len(said) == 9


@pytest.mark.parametrize("who", ["root", "somebody"])
def test_every_place_that_can_be_written_has_a_size(tmp_path, monkeypatch, who):
    as_root_and_as_somebody(monkeypatch, who)
    layer = with_hook(
        tmp_path,
        "import errno, json, os\n"
        "def fill(folder):\n"
        "    try:\n"
        "        for n in range(20):\n"
        "            open(f'{folder}/f{n}', 'wb').write(bytes(4_000_000))\n"
        "    except OSError as error:\n        return errno.errorcode[error.errno]\n"
        "    finally:\n"
        "        for n in range(20):\n"
        "            if os.path.exists(f'{folder}/f{n}'): os.unlink(f'{folder}/f{n}')\n"
        "places = ['/run-folder', '/tmp', '/dev/shm', '/dev', '/', '/etc', '/usr', '/layer']\n"
        "said = {place: fill(place) for place in places}\n"
        "open('a.txt', 'w').write(json.dumps(said))\n",
    )
    said = json.loads(run(layer).tree.contents()["a.txt"])
    assert [said.pop(place) for place in ("/run-folder", "/tmp", "/dev/shm")] == ["ENOSPC"] * 3
    assert set(said.values()) <= {"EROFS", "EACCES"}


HOLDING = """
import os, time
held = bytearray(100_000_000) if {holds_first} else None
for _ in range(5):
    if os.fork() == 0:
        held = held or bytearray(100_000_000)
        time.sleep(600)
time.sleep({seconds})
os._exit(0)
"""


@pytest.mark.parametrize("who", ["root", "somebody"])
def test_what_many_processes_hold_together_has_an_end(tmp_path, monkeypatch, who):
    as_root_and_as_somebody(monkeypatch, who)
    layer = with_hook(tmp_path, HOLDING.format(holds_first=False, seconds=600))
    with pytest.raises(LimitExceeded) as caught:
        run(layer, Limits(memory_bytes_together=300_000_000))
    assert caught.value.message == "shop/service: needs more memory than a run may have"


def test_what_processes_share_is_counted_once(tmp_path):
    layer = with_hook(tmp_path, HOLDING.format(holds_first=True, seconds=1))
    tree = run(layer, Limits(memory_bytes_together=300_000_000)).tree
    assert tree.contents() == {"a.txt": b"checkout"}


def test_code_that_falls_silent_and_stays_is_stopped(tmp_path):
    layer = forging(tmp_path, "a")
    forger = (layer / "local_extensions.py").read_text()
    silent = "import signal, time; signal.alarm(0); os.closerange(0, 64); time.sleep(600)"
    (layer / "local_extensions.py").write_text(forger.replace("os._exit(0)", silent))
    with pytest.raises(LimitExceeded) as caught:
        run(layer, SMALL)
    assert caught.value.message == "shop/service: takes longer than 8 seconds"


def test_a_machine_whose_calls_are_unknown_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(JailMissing, match="what code may ask of the kernel is not known for vax"):
        run(with_hook(tmp_path, "print()"))


def test_endless_talk_is_cut_to_its_end(tmp_path):
    layer = with_hook(tmp_path, "for n in range(200_000):\n    print('line', n)\n")
    said = run(layer).said
    assert said.endswith("line 199999")
    assert len(said) <= 8192


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


def test_where_nothing_can_be_locked_in_nothing_runs(tmp_path, monkeypatch):
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setattr(jail, "_bubblewrap", lambda _job: str(broken))
    with pytest.raises(JailMissing) as caught:
        run(with_hook(tmp_path, "print()"))
    assert caught.value.message.startswith(
        "shop/service: its code runs only where it can be locked in, and this machine does not "
        "allow that (No permissions to create new namespace). Allow user namespaces"
    )


def test_a_worker_that_is_killed_takes_the_jail_with_it(tmp_path):
    layer = with_hook(tmp_path, f"#!/bin/sh\nsleep {SLEEP}\n", "post_gen_project.sh")
    code = (
        "import sys; from pathlib import Path\n"
        "from flagstone.scaffolding.engine.jobs import LayerJob\n"
        "from flagstone.scaffolding.engine.rendering import render_layers\n"
        "render_layers([LayerJob(Path(sys.argv[1]), {}, '', True)])\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(layer)])
    assert comes_true(lambda: is_there(f"sleep {SLEEP}"))
    worker.kill()
    worker.wait()
    assert ends(SLEEP)


def test_the_jail_of_an_ordinary_user(tmp_path, monkeypatch):
    layer = with_hook(tmp_path, "import os\nopen('a.txt', 'w').write(f'{os.getuid()}')\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run(layer).tree.contents() == {"a.txt": b"65534"}


AS_SOMEBODY = """
import json, sys
from pathlib import Path
from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.rendering import render_layers
(rendered,) = render_layers([LayerJob(Path(sys.argv[1]), {}, "", True)])
print(rendered.tree.contents()["a.txt"].decode())
"""


def as_somebody(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", *arguments],
        user=65534 if os.geteuid() == 0 else None,
        group=65534 if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_person_who_is_not_root_can_lock_code_in_as_well():
    try:
        as_somebody("-c", "import flagstone").check_returncode()
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("an ordinary user cannot read this installation")
    with tempfile.TemporaryDirectory() as folder:
        layer = with_hook(
            Path(folder),
            "import os\n"
            "made = 0\n"
            "try:\n"
            "    while made < 1000:\n"
            "        if os.fork() == 0:\n            import time; time.sleep(600)\n"
            "        made += 1\n"
            "except BlockingIOError:\n"
            "    open('a.txt', 'w').write(f'{os.getuid()} {made < 64}')\n"
            "    os._exit(0)\n",
        )
        Path(folder).chmod(0o755)
        result = as_somebody("-c", AS_SOMEBODY, str(layer))
    assert (result.returncode, result.stdout.strip()) == (0, "65534 True"), result.stderr
