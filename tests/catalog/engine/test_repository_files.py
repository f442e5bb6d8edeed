from __future__ import annotations

import time

import pytest

from flagstone.catalog.engine.repository_files import FoundInFiles, look_through, samples_of


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["README.md", "main.go"], FoundInFiles((), 0, (), "service")),
        (
            ["catalog-info.yaml", "main.go", "go.mod", "deploy/kustomization.yaml"],
            FoundInFiles(("catalog-info.yaml",), 1, ("deploy",), "service"),
        ),
        (
            [
                "README.md", "services/a/catalog-info.yaml", "services/a/rollout.yaml",
                "services/b/catalog-info.yaml", "services/b/rollout.yaml", "apps/application.yaml",
            ],
            FoundInFiles(
                ("services/*/catalog-info.yaml",), 2, ("apps", "services/a", "services/b"), "gitops"
            ),
        ),
        (
            ["teams/a/catalog-info.yaml", "teams/b/catalog-info.yaml", "catalog-info.yml", "README.md"],
            FoundInFiles(("catalog-info.yml", "teams/*/catalog-info.yaml"), 3, (), "catalog"),
        ),
        (
            ["pkg/x/catalog-info.yaml", "pkg/x/main.py", "lib/y.py"],
            FoundInFiles(("pkg/x/catalog-info.yaml",), 1, (), "service"),
        ),
        ([], FoundInFiles((), 0, (), "service")),
    ],
)  # fmt: skip
def test_the_names_of_files_tell_what_a_repository_is(
    paths: list[str], expected: FoundInFiles
) -> None:
    assert look_through(paths) == expected


DEPLOYMENT = b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"


def test_manifests_of_what_runs_make_a_repository_one_that_says_what_runs() -> None:
    paths = [
        "README.md", "services/a/catalog-info.yaml", "services/a/deployment.yaml",
        "services/b/catalog-info.yaml", "services/b/main.yaml", ".github/workflows/ci.yaml",
    ]  # fmt: skip
    samples = samples_of(paths)
    assert samples == ["services/a/deployment.yaml", "services/b/main.yaml"]
    contents = {samples[0]: DEPLOYMENT, samples[1]: b"# words\n---\nkind: Rollout\n"}
    assert look_through(paths, contents) == FoundInFiles(
        ("services/*/catalog-info.yaml",), 2, ("services/a", "services/b"), "gitops"
    )
    others = {samples[0]: b"kind: Deploymentish\n", samples[1]: b"x:\n  kind: Deployment\n"}
    assert look_through(paths, others).role == "catalog"


def test_one_file_of_a_folder_is_looked_into_and_few_in_all() -> None:
    paths = [f"s/{number:03d}/{name}.yaml" for number in range(100) for name in ("b", "deployment")]
    samples = samples_of(paths)
    assert len(samples) == 40
    assert samples[0] == "s/000/deployment.yaml"


def location(*targets: str) -> bytes:
    listed = "".join(f"    - {target}\n" for target in targets)
    return (
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\n"
        f"spec:\n  targets:\n{listed}"
    ).encode()


COMPONENT = (
    b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n"
    b"spec: {type: service, lifecycle: production, owner: group:x}\n"
)


@pytest.mark.parametrize(
    ("contents", "registered", "locations"),
    [
        # the root leads to all others
        (
            {
                "catalog-info.yaml": location("./a/catalog-info.yaml", "./b/catalog-info.yaml"),
                "a/catalog-info.yaml": COMPONENT,
                "b/catalog-info.yaml": COMPONENT,
            },
            (),
            ("catalog-info.yaml",),
        ),
        # one of them is not led to
        (
            {
                "catalog-info.yaml": location("./a/catalog-info.yaml"),
                "a/catalog-info.yaml": COMPONENT,
                "b/catalog-info.yaml": COMPONENT,
            },
            (),
            ("catalog-info.yaml", "b/catalog-info.yaml"),
        ),
        # a deeper one leads up, through another
        (
            {
                "catalog-info.yaml": COMPONENT,
                "z/all/catalog-info.yaml": location("../catalog-info.yaml"),
                "z/catalog-info.yaml": location("../catalog-info.yaml"),
            },
            (),
            ("z/all/catalog-info.yaml",),
        ),
        # each leads to the other
        (
            {
                "a/catalog-info.yaml": location("../b/catalog-info.yaml"),
                "b/catalog-info.yaml": location("../a/catalog-info.yaml"),
            },
            (),
            ("a/catalog-info.yaml",),
        ),
        # a registered pattern has one of them, and one was registered alone
        (
            dict.fromkeys(
                ("s/a/catalog-info.yaml", "s/b/catalog-info.yaml", "t/c/catalog-info.yaml"),
                COMPONENT,
            ),
            ("s/*/catalog-info.yaml",),
            ("t/c/catalog-info.yaml",),
        ),
        # a pattern would have the registered one twice
        (
            dict.fromkeys(
                ("s/a/catalog-info.yaml", "s/b/catalog-info.yaml", "s/c/catalog-info.yaml"),
                COMPONENT,
            ),
            ("s/a/catalog-info.yaml",),
            ("s/b/catalog-info.yaml", "s/c/catalog-info.yaml"),
        ),
        # one that was registered leads to a pair that lead to each other
        (
            {
                "catalog-info.yaml": location("./a/catalog-info.yaml"),
                "a/catalog-info.yaml": location("../b/catalog-info.yaml"),
                "b/catalog-info.yaml": location("../a/catalog-info.yaml"),
                "c/catalog-info.yaml": COMPONENT,
            },
            ("catalog-info.yaml",),
            ("c/catalog-info.yaml",),
        ),
        # names that would be patterns, one of which takes ages to match
        (
            {
                "s*/catalog-info.yaml": COMPONENT,
                f"{'*a' * 60}/catalog-info.yaml": COMPONENT,
                f"{'a' * 250}/catalog-info.yml": COMPONENT,
            },
            (),
            (f"{'a' * 250}/catalog-info.yml",),
        ),
        # hostile names and contents
        (
            {
                "a\x1b[2J/catalog-info.yaml": COMPONENT,
                "b\udcff/catalog-info.yaml": COMPONENT,
                "c/catalog-info.yaml": b"kind: [",
            },
            (),
            ("c/catalog-info.yaml",),
        ),
    ],
)
def test_what_is_led_to_or_registered_is_not_registered_twice(
    contents: dict[str, bytes], registered: tuple[str, ...], locations: tuple[str, ...]
) -> None:
    assert look_through(list(contents), contents, registered=registered).locations == locations


def test_many_catalogue_files_among_many_others_are_told_in_one_pass() -> None:
    count = 4_000
    folders = [f"s/{number % 50}/{number}" for number in range(count)]
    paths = [f"{folder}/catalog-info.yaml" for folder in folders]
    others = [f"src/{number}.py" for number in range(100_000)]
    # each of them leads to all: followed from each one anew, they would be read 3,600 times
    contents = dict.fromkeys(paths[:60], location(*(f"/{path}" for path in paths[:60])))
    began = time.process_time()
    found = look_through([*paths, *others], contents)
    # some ten times as long as it takes, and a tenth of what comparing each with each does
    assert time.process_time() - began < 20
    assert found.catalog_files == count
    alone = [path for path in paths if path not in contents]
    assert found.locations == ("s/0/0/catalog-info.yaml", *sorted(alone))
