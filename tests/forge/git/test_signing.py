from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flagstone.forge.errors import UnfitSecret
from flagstone.forge.git.commits import Person
from flagstone.forge.git.signing import SigningKey
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.keys import make_key
from tests.forge.repositories import change_set, git, make_repository, meta, remote

BOT = Person("Flagstone", "bot@flagstone.example")
COMMIT = (
    b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
    b"author Mia <mia@example.com> 1772452800 +0000\n"
    b"committer Flagstone <bot@flagstone.example> 1772452800 +0000\n\n"
    b"Subject\n\ntree of words\n"
)
KINDS = [("-t", "ed25519"), ("-t", "rsa", "-b", "2048")]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "host", {"README.md": "hello\n"})


def build(bare: Path, key: SigningKey | None) -> str:
    """Build a change, push it to the branch `ours` where it is not yet, and return its commit."""
    with GitWorkspace(remote(bare)) as workspace:
        commit = workspace.build_commit(
            workspace.observe("main").head(),
            change_set({"a": "1"}),
            meta("Add a", committer=BOT, signing_key=key),
        )
        workspace.push(commit, "ours", expected=None)
    return commit.sha


def verified(
    bare: Path, commit: str, *, by: str, tmp_path: Path
) -> subprocess.CompletedProcess[str]:
    """Let git prove the signature of a commit against one public key of the bot."""
    allowed = tmp_path / "allowed-signers"
    allowed.write_text(f"{BOT.email} {by}\n")
    settings = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}")
    return subprocess.run(
        ["git", *settings, "verify-commit", commit],
        cwd=bare, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[1])
def test_row_42_a_signed_commit_is_verified_by_git_and_the_same_each_time(
    bare: Path, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    key = SigningKey(make_key(tmp_path, *kind).read_text())
    first, second = build(bare, key), build(bare, key)
    assert first == second == git(bare, "rev-parse", "ours")
    done = verified(bare, first, by=key.public, tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'Good "git" signature for bot@flagstone.example' in done.stderr
    assert git(bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>|%s|%P", "ours") == (
        "Mia Wong <mia@example.com>|Flagstone <bot@flagstone.example>|Add a|"
        + git(bare, "rev-parse", "main")
    )
    git(bare, "fsck", "--strict")


def test_only_the_signature_differs_from_the_unsigned_commit(bare: Path, tmp_path: Path) -> None:
    key = SigningKey(make_key(tmp_path, "-t", "ed25519").read_text())
    signed = git(bare, "cat-file", "commit", build(bare, key))
    git(bare, "update-ref", "-d", "refs/heads/ours")
    unsigned = git(bare, "cat-file", "commit", build(bare, None))
    kept = [
        line for line in signed.splitlines() if not line.startswith("gpgsig ") and line[:1] != " "
    ]
    assert kept == unsigned.splitlines()


def test_a_commit_that_was_changed_afterwards_is_not_verified(bare: Path, tmp_path: Path) -> None:
    key = SigningKey(make_key(tmp_path, "-t", "ed25519").read_text())
    words = git(bare, "cat-file", "commit", build(bare, key))
    forged = git(
        bare, "hash-object", "-t", "commit", "-w", "--stdin",
        stdin=words.replace("Add a", "Add b") + "\n",
    )  # fmt: skip
    assert verified(bare, forged, by=key.public, tmp_path=tmp_path).returncode == 1


def test_another_key_is_not_taken_for_ours(bare: Path, tmp_path: Path) -> None:
    commit = build(bare, SigningKey(make_key(tmp_path, "-t", "ed25519").read_text()))
    other = SigningKey(make_key(tmp_path, "-t", "rsa").read_text())
    assert verified(bare, commit, by=other.public, tmp_path=tmp_path).returncode == 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[1])
def test_the_signature_is_the_one_that_ssh_keygen_makes(
    tmp_path: Path, kind: tuple[str, ...]
) -> None:
    path = make_key(tmp_path, *kind)
    done = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(path)],
        input=COMMIT, capture_output=True, check=True,
    )  # fmt: skip
    head, _, message = COMMIT.partition(b"\n\n")
    header = b"gpgsig " + b"\n ".join(done.stdout.splitlines())
    assert SigningKey(path.read_text()).signed(COMMIT) == head + b"\n" + header + b"\n\n" + message


def test_the_public_half_is_that_of_the_pair(tmp_path: Path) -> None:
    path = make_key(tmp_path, "-t", "ed25519")
    public = path.with_name(path.name + ".pub").read_text().split()[:2]
    assert SigningKey(path.read_text()).public == " ".join(public)


def test_a_key_pasted_with_blanks_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    text = make_key(tmp_path, "-t", "ed25519").read_text()
    pasted = SigningKey("  \r\n" + text.replace("\n", "\r\n"))
    assert pasted.public == SigningKey(text).public


def test_a_key_shows_itself_nowhere(tmp_path: Path) -> None:
    key = SigningKey(make_key(tmp_path, "-t", "ed25519").read_text())
    secret = key.text.splitlines()[2]
    assert secret not in repr(key)
    assert secret not in repr(meta(signing_key=key))


@pytest.mark.parametrize(
    ("options", "passphrase", "reason"),
    [
        (("-t", "ecdsa"), "", "has to be ed25519, or RSA of 2048 bits or more"),
        (("-t", "rsa", "-b", "1024"), "", "has to be ed25519, or RSA of 2048 bits or more"),
        (("-t", "ed25519"), "sesame", "has a passphrase, and nobody is there to type it"),
    ],
)
def test_a_key_that_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, options: tuple[str, ...], passphrase: str, reason: str
) -> None:
    text = make_key(tmp_path, *options, passphrase=passphrase).read_text()
    with pytest.raises(UnfitSecret, match=reason) as caught:
        SigningKey(text)
    assert text.splitlines()[2] not in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDw flagstone",
        "ütf-8 \ud800",
    ],
)
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(UnfitSecret, match=r"cannot be read\. Give a private key in OpenSSH's"):
        SigningKey(text)
