"""What the code of a template cannot reach, and how it is stopped."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest

from flagstone.scaffolding.engine.jobs import Limits
from flagstone.scaffolding.errors import (
    HookFailed,
    JailMissing,
    LimitExceeded,
    UnsafeTemplate,
)
from tests.scaffolding.building import write_layer
from tests.scaffolding.engine.jails import HASTY, SLEEP, SMALL, ends, run, with_hook


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


@pytest.mark.parametrize(
    ("name", "script", "error", "reason"),
    [
        (
            "post_gen_project.sh",
            "#!/bin/sh\nsleep SLEEP\n",
            LimitExceeded,
            "takes longer than 3 seconds",
        ),
        (
            "post_gen_project.sh",
            "#!/bin/sh\n(setsid sleep SLEEP &)\nsetsid sleep SLEEP & sleep SLEEP\n",
            LimitExceeded,
            "takes longer than 3 seconds",
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
        run(layer, HASTY if "SLEEP" in script else SMALL)
    assert caught.value.reason.startswith(reason)
    assert time.monotonic() - started < 120
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


def test_a_machine_whose_calls_are_unknown_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(JailMissing, match="what code may ask of the kernel is not known for vax"):
        run(with_hook(tmp_path, "print()"))


def test_endless_talk_is_cut_to_its_end(tmp_path):
    layer = with_hook(tmp_path, "for n in range(200_000):\n    print('line', n)\n")
    said = run(layer).said
    assert said.endswith("line 199999")
    assert len(said) <= 8192
