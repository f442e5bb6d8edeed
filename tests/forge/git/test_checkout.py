from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flagstone.forge.errors import (
    RefNotFound,
    RepositoryGone,
    RepositoryMoved,
    TimedOut,
    TransportError,
    TreeTooLarge,
)
from flagstone.forge.git import environment, workspace
from flagstone.forge.git.checkout import CheckoutLimits, check_out
from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.git.remotes import GitRemote
from tests.forge.repositories import git
from tests.git_http import publish, serving

SMALL = CheckoutLimits(files=3, file_bytes=1000, total_bytes=1500)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "bare" / "acme").mkdir(parents=True)
    with serving(tmp_path / "bare") as running:
        yield running


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def over_http(server, name="acme/demo"):
    return GitRemote(name, f"{server.url}/{name}.git", protocols=("http",))


def put(server, work, files, **options):
    for path, content in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    return publish(work, server.root / "acme" / "demo.git", **options)


def laid_out(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_files_are_those_of_a_clone(server, work, tmp_path):
    (work / "run.sh").write_bytes(b"#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    (work / "link").symlink_to("deep/b.txt")
    commit = put(
        server,
        work,
        {
            ".gitattributes": b"*.bat text eol=crlf\n*.id ident\n*.big filter=lfs\n",
            "deep/b.txt": b"b\n",
            "win.bat": b"one\ntwo\n",
            "x.id": b"$Id$\n",
            "y.big": b"pointer\n",
            "\u00e4 b.txt": b"\xff\x00",
        },
    )
    subprocess.run(
        ["git", "clone", "--quiet", over_http(server).url, str(tmp_path / "clone")], check=True
    )
    (into := tmp_path / "into").mkdir()
    assert check_out(over_http(server), "", into) == commit
    theirs = {
        path: content
        for path, content in laid_out(tmp_path / "clone").items()
        if not path.startswith(".git/")
    }
    assert laid_out(into) == theirs
    assert theirs["win.bat"] == b"one\r\ntwo\r\n"
    assert os.access(into / "run.sh", os.X_OK)
    assert not os.access(into / "win.bat", os.X_OK)
    assert (into / "link").readlink().as_posix() == "deep/b.txt"


@pytest.mark.parametrize("kind", ["branch", "tag", "tag with a message", "commit", "default"])
def test_every_kind_of_ref_leads_to_its_commit(server, work, tmp_path, kind):
    first = put(server, work, {"a": b"1"})
    git(work, "tag", "v1")
    git(work, "tag", "-a", "-m", "two", "v2")
    second = put(server, work, {"a": b"2"})
    git(
        work,
        "push",
        "--quiet",
        str(server.root / "acme" / "demo.git"),
        f"{first}:refs/heads/old/one",
    )
    ref = {"branch": "old/one", "tag": "v1", "tag with a message": "v2", "commit": first}.get(
        kind, ""
    )
    (into := tmp_path / "into").mkdir()
    assert check_out(over_http(server), ref, into) == (first if ref else second)
    assert (into / "a").read_bytes() == (b"1" if ref else b"2")


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [
        ("gone", "The repository acme/demo has no branch and no tag 'gone'."),
        ("f" * 40, f"The repository acme/demo has no commit {'f' * 40}."),
        ("--upload-pack=id", "'--upload-pack=id' cannot be a branch, a tag or a commit."),
        ("ma*", "'ma*' cannot be a branch, a tag or a commit."),
        ("a\nb", "'a\\nb' cannot be a branch, a tag or a commit."),
        ("a..b", "'a..b' cannot be a branch, a tag or a commit."),
        ("/a", "'/a' cannot be a branch, a tag or a commit."),
        ("x" * 300, f"'{'x' * 200}' cannot be a branch, a tag or a commit."),
    ],
)
def test_a_ref_that_is_not_there_is_named(server, work, tmp_path, ref, sentence):
    put(server, work, {"a": b"1"})
    with pytest.raises(RefNotFound) as refused:
        check_out(over_http(server), ref, tmp_path / "into")
    assert refused.value.message == sentence


def test_a_repository_on_this_machine_is_read_in_place(server, work, tmp_path):
    commit = put(server, work, {"a": b"1"})
    bare = server.root / "acme" / "demo.git"
    (into := tmp_path / "into").mkdir()
    remote = GitRemote("acme/demo", str(bare), objects=bare / "objects")
    assert check_out(remote, "main", into) == commit
    assert laid_out(into) == {"a": b"1"}
    with pytest.raises(RefNotFound, match=r"has no commit f{40}"):
        check_out(remote, "f" * 40, into)


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"a": b"x", "big": b"x" * 1001}, "acme/demo: big is larger than 0 MB."),
        ({"a": b"1" * 800, "b": b"2" * 800}, "acme/demo is larger than 0 MB."),
        ({name: name.encode() for name in "abcd"}, "acme/demo holds more than 3 files."),
        ({"a": b"1" * 800, "b": b"1" * 800}, "acme/demo is larger than 0 MB."),
    ],
)
def test_too_much_is_refused_before_anything_is_written(
    server, work, tmp_path, files, sentence, filters
):
    put(server, work, files, filters=filters)
    (into := tmp_path / "into").mkdir()
    with pytest.raises(TreeTooLarge) as refused:
        check_out(over_http(server), "", into, limits=SMALL)
    assert refused.value.message == sentence
    assert laid_out(into) == {}


def test_a_large_file_is_not_even_fetched(server, work, tmp_path):
    put(server, work, {"big": os.urandom(300_000)})
    asked = []
    original = server.RequestHandlerClass._reply

    class Counting(server.RequestHandlerClass):
        def _reply(self, status, headers, body):
            asked.append(len(body))
            original(self, status, headers, body)

    server.RequestHandlerClass = Counting
    with pytest.raises(TreeTooLarge):
        check_out(over_http(server), "", tmp_path, limits=SMALL)
    assert 0 < sum(asked) < 20_000


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A place for workspaces that can be seen to be empty afterwards."""
    (folder := tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_server_without_filters_sends_no_more_than_a_template_may_be(
    server, work, tmp_path, scratch
):
    put(server, work, {"big": os.urandom(3_000_000)}, filters=False)
    limits = CheckoutLimits(process=ProcessLimits(file_bytes=1_000_000))
    with pytest.raises(TreeTooLarge) as refused:
        check_out(over_http(server), "", tmp_path / "into", limits=limits)
    assert refused.value.message == "The repository acme/demo is larger than a template may be."
    assert list(scratch.iterdir()) == []


@contextmanager
def pouring(piece: bytes, *, pause: float = 0.0):
    """Serve an answer that has a beginning only: this piece, again and again."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Stay silent."""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(b"001e# service=git-upload-pack\n0000")
                while True:
                    self.wfile.write(piece)
                    time.sleep(pause)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield GitRemote("acme/demo", f"http://127.0.0.1:{server.server_port}/x.git", ("http",))
        server.shutdown()


def test_a_server_that_names_refs_without_end_is_given_up(tmp_path, scratch):
    ref = f"{'1' * 40} refs/heads/{'x' * 80}\n"
    limits = CheckoutLimits(process=ProcessLimits(memory_bytes=200 * 1024 * 1024))
    with (
        pouring(f"{len(ref) + 4:04x}{ref}".encode() * 500) as remote,
        pytest.raises(TreeTooLarge) as refused,
    ):
        check_out(remote, "", tmp_path / "into", limits=limits)
    assert refused.value.message == "The repository acme/demo is larger than a template may be."
    assert list(scratch.iterdir()) == []


def test_a_server_that_trickles_is_given_up(tmp_path, monkeypatch):
    patient = environment.OF_STRANGERS
    assert (patient["http.lowSpeedLimit"], patient["http.lowSpeedTime"]) == ("1000", "15")
    monkeypatch.setitem(patient, "http.lowSpeedTime", "2")
    began = time.monotonic()
    with pouring(b"0", pause=0.2) as remote, pytest.raises(TransportError, match="too slow"):
        check_out(remote, "", tmp_path / "into")
    assert time.monotonic() - began < 60


def test_a_look_at_the_refs_takes_less_time_than_a_fetch_may(tmp_path, monkeypatch):
    assert workspace._LOOK_TIME_LIMIT == 20.0
    monkeypatch.setattr(workspace, "_LOOK_TIME_LIMIT", 1.0)
    with (
        pouring(b"0", pause=0.2) as remote,
        pytest.raises(TimedOut, match="git ls-remote did not end within 1 seconds"),
    ):
        check_out(remote, "", tmp_path / "into")


def test_a_file_that_grows_as_it_is_laid_out_is_too_large(server, work, tmp_path):
    put(
        server,
        work,
        {
            ".gitattributes": b"*.txt working-tree-encoding=UTF-32\n",
            "a.txt": ("x" * 600).encode("utf-32"),
        },
    )
    with pytest.raises(TreeTooLarge) as refused:
        check_out(over_http(server), "", tmp_path, limits=SMALL)
    assert refused.value.message == "acme/demo: a.txt is larger than 0 MB."


def test_a_submodule_is_not_fetched(server, work, tmp_path):
    put(server, work, {"a": b"1"})
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},inner")
    git(work, "commit", "--quiet", "-m", "inner")
    git(work, "push", "--quiet", str(server.root / "acme" / "demo.git"), "HEAD:refs/heads/main")
    (into := tmp_path / "into").mkdir()
    check_out(over_http(server), "", into)
    assert laid_out(into) == {"a": b"1"}


@pytest.mark.parametrize("path", ["../out", ".git/config", "a/.GIT/x"])
def test_a_path_that_leads_out_is_refused(server, work, tmp_path, path):
    put(server, work, {"a": b"1"})
    blob = git(work, "hash-object", "-w", "a")
    tree = blob
    for depth, name in enumerate(reversed(path.split("/"))):
        kind = "100644 blob" if depth == 0 else "40000 tree"
        binary = f"{kind.split(maxsplit=1)[0]} {name}".encode() + b"\0" + bytes.fromhex(tree)
        tree = subprocess.run(
            ["git", "hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
            cwd=work,
            input=binary,
            capture_output=True,
            check=True,
        ).stdout.decode().strip()  # fmt: skip
    commit = git(work, "commit-tree", "-m", "bad", tree)
    git(
        work,
        "push",
        "--quiet",
        "-f",
        str(server.root / "acme" / "demo.git"),
        f"{commit}:refs/heads/bad",
    )
    (into := tmp_path / "into").mkdir()
    with pytest.raises(TransportError):
        check_out(over_http(server), "bad", into)
    assert laid_out(tmp_path / "into") == {}
    assert not (tmp_path / "out").exists()


def test_a_repository_that_moved_is_not_followed(server, work, tmp_path):
    put(server, work, {"a": b"1"})
    server.moved["/acme/old.git"] = f"{server.url}/acme/demo.git"
    with pytest.raises(RepositoryMoved, match="The repository acme/old has moved to http"):
        check_out(over_http(server, "acme/old"), "", tmp_path)


def test_a_repository_that_is_not_there_is_named(server, tmp_path):
    with pytest.raises(RepositoryGone, match="There is no repository acme/gone, or it is not for"):
        check_out(over_http(server, "acme/gone"), "", tmp_path)


def test_a_server_that_does_not_answer_may_be_asked_again(tmp_path):
    remote = GitRemote("acme/demo", "http://127.0.0.1:9/acme/demo.git", protocols=("http",))
    with pytest.raises(TransportError) as failed:
        check_out(remote, "", tmp_path)
    assert failed.value.worth_retrying


def test_an_empty_repository_has_no_commit(server, tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", str(server.root / "acme/demo.git")], check=True)
    with pytest.raises(RefNotFound, match="The repository acme/demo has no commit yet"):
        check_out(over_http(server), "", tmp_path)
