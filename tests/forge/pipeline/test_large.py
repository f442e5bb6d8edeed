"""A large repository costs what the change costs, not what the repository holds."""

from __future__ import annotations

import time
from pathlib import Path

from flagstone.accounts.models import User
from flagstone.forge import pipeline, selectors
from flagstone.forge.models import CodeHost
from tests.forge.repositories import git

FILES = 20_000


def make_large(bare: Path) -> None:
    """Make 20,000 files in 400 folders in one go."""
    git(bare.parent, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    head = "commit refs/heads/main\ncommitter H <h@example.com> 1700000000 +0000\ndata 5\nlarge\n"
    files = "".join(
        f"M 100644 inline team{n % 20}/service{n % 400}/{n}.yaml\ndata 12\nnumber: {n % 1000:03}\n\n"
        for n in range(FILES)
    )
    git(bare, "fast-import", "--quiet", stdin=head + files)


def test_a_change_to_twenty_thousand_files_ships_at_once(
    host: CodeHost, member: User, root: Path
) -> None:
    (root / "acme").mkdir(parents=True)
    make_large(root / "acme/large.git")
    repository = pipeline.register_existing(requested_by=member, host=host, full_name="acme/large")
    change = pipeline.record_change(
        requested_by=member,
        repository=repository,
        title="Add",
        body="",
        files={f"services/new/{n}.yaml": b"x: 1\n" * 50 for n in range(20)},
        source="x",
    )
    began = time.perf_counter()
    pull = pipeline.ship(change.pk)
    took = time.perf_counter() - began
    assert pull
    assert (pull.files, pull.additions) == (20, 1000)
    assert took < 2.0
    one_team = selectors.read_tree(repository, prefix="team3")
    assert len(one_team.files) == FILES // 20
