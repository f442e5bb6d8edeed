from __future__ import annotations

import pytest

from flagstone.forge.git.sizes import ChangeSize, FileSize, Marks, is_written_by_people, measure


@pytest.mark.parametrize(
    "path",
    [
        "uv.lock",
        "web/package-lock.json",
        "Cargo.lock",
        "go.sum",
        "charts/x/Chart.lock",
        ".terraform.lock.hcl",
        "vendor/github.com/x/y.go",
        "a/node_modules/b/c.js",
        "third_party/x.c",
        "api/v1/service_pb2.py",
        "api/v1/service.pb.go",
        "pkg/zz_generated.deepcopy.go",
        "static/app.min.js",
        "static/app.js.map",
        "src/generated/client.ts",
        "tests/testdata/big.json",
        "web/__snapshots__/a.test.js.snap",
    ],
)
def test_what_no_person_writes_is_left_out(path: str) -> None:
    assert not is_written_by_people(path)


@pytest.mark.parametrize(
    "path",
    [
        "services/checkout/rollout.yaml",
        "lock.py",
        "src/vendor.py",
        "docs/generated.md",
        "locks/yarn.lock.md",
        "maps.py",
        "tests/test_data.py",
    ],
)
def test_what_people_write_counts(path: str) -> None:
    assert is_written_by_people(path)


def test_a_change_is_measured_whole_and_as_written() -> None:
    size = measure(
        [FileSize("a.py", 120, 75), FileSize("uv.lock", 900, 30), FileSize("b.png", 0, 0)]
    )
    assert size == ChangeSize(
        additions=1020,
        deletions=105,
        files=3,
        written_additions=120,
        written_deletions=75,
        written_files=2,
    )
    assert size.written_lines == 195


def test_a_repositorys_own_word_goes_before_the_rules_of_everywhere() -> None:
    marks = Marks(left_out=frozenset({"api.py"}), counted=frozenset({"vendor/ours.c"}))
    files = [
        FileSize("api.py", 1000, 0),
        FileSize("vendor/ours.c", 10, 1),
        FileSize("vendor/theirs.c", 500, 500),
        FileSize("a.py", 2, 3),
    ]
    size = measure(files, marks)
    assert (size.written_additions, size.written_deletions, size.written_files) == (12, 4, 2)
    assert (size.additions, size.deletions, size.files) == (1512, 504, 4)
