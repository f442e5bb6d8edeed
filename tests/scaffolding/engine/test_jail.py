"""Templates whose own code runs: what it may do, what it cannot reach, and how it is stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flagstone.scaffolding.engine import jail
from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.trees import RenderedFile
from flagstone.scaffolding.errors import (
    HookFailed,
    JailMissing,
    UnsafeTemplate,
)
from tests.scaffolding.building import TOP, write_layer
from tests.scaffolding.engine.jails import SLEEP, comes_true, ends, is_there, run, with_hook


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
