"""Running a renderer: bounded in time, cut off from the network, plain about its failures."""

from __future__ import annotations

import sys
import time

import pytest

from flagstone.policies.manifests import tools
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.tools import (
    ToolError,
    copy_files,
    find_tool,
    kustomize_command,
    rendered_objects,
    run_tool,
)


def script(tmp_path, body, name="tool"):
    path = tmp_path / name
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_output_and_arguments(tmp_path):
    tool = script(tmp_path, "import sys; print(sys.argv[1:], end='')")
    assert run_tool([tool, "a b", "c"], tmp_path, Limits()) == "['a b', 'c']"


def test_it_sees_neither_our_environment_nor_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    tool = script(
        tmp_path,
        "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}), os.environ['PATH'] == '')",
    )
    assert run_tool([tool], tmp_path, Limits()) == (
        "['HOME', 'HTTPS_PROXY', 'HTTP_PROXY', 'KUBECONFIG', 'PATH'] True\n"
    )


def test_a_failure_speaks_without_our_folder(tmp_path):
    tool = script(tmp_path, f"import sys; sys.exit('Error: no such file\\n  {tmp_path}/a.yaml')")
    with pytest.raises(ToolError, match=r"^no such file a\.yaml$"):
        run_tool([tool], tmp_path, Limits())


def test_a_silent_failure(tmp_path):
    with pytest.raises(ToolError, match=r"^it failed without a word$"):
        run_tool([script(tmp_path, "import sys; sys.exit(3)")], tmp_path, Limits())


def test_a_tool_that_hangs_is_ended_with_its_children(tmp_path):
    body = "import subprocess, time; subprocess.Popen(['/bin/sleep', '60']); time.sleep(60)"
    started = time.monotonic()
    with pytest.raises(ToolError, match=r"^it took longer than 0\.5 seconds$"):
        run_tool([script(tmp_path, body)], tmp_path, Limits(render_seconds=0.5))
    assert time.monotonic() - started < 45


def test_too_much_output(tmp_path):
    tool = script(tmp_path, "print('x' * 3_000_000)")
    with pytest.raises(ToolError, match=r"^its output is over 1 MB$"):
        run_tool([tool], tmp_path, Limits(rendered_bytes=2**20))


def test_the_tool_beside_python_comes_first(tmp_path, monkeypatch):
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    script(own, "", "kubectl")
    script(other, "", "kubectl")
    script(other, "", "helm")
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setenv("PATH", str(other))
    assert find_tool("kubectl") == str(own / "kubectl")
    assert find_tool("helm") == str(other / "helm")
    assert find_tool("kustomize") is None
    assert kustomize_command() == [str(own / "kubectl"), "kustomize"]
    script(other, "", "kustomize")
    assert kustomize_command() == [str(other / "kustomize"), "build"]


def test_without_any_tool(monkeypatch):
    monkeypatch.setattr(tools, "find_tool", lambda _name: None)
    assert kustomize_command() is None


def test_a_file_that_is_gone_cannot_be_copied(tmp_path):
    copy_files({"a/b.yaml": b"x"}, ["a/b.yaml"], tmp_path)
    assert (tmp_path / "a" / "b.yaml").read_bytes() == b"x"
    with pytest.raises(ToolError, match=r"^c\.yaml cannot be read"):
        copy_files({}, ["c.yaml"], tmp_path)


def test_output_that_is_not_yaml():
    with pytest.raises(ToolError, match=r"^its output cannot be read: line 2: "):
        list(rendered_objects("apiVersion: v1\na: [\n", Limits()))
