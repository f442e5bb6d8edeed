from __future__ import annotations

import pytest

from flagstone.config.demo.service_folder import APPLICATION, ServiceFolder, StoryError

TEXT = """\
spec:
  # why there is a first
  first:
    deep:
      - 1
  # about the second
  second: 2
  first:
"""


def _folder() -> ServiceFolder:
    return ServiceFolder("quote", {"services/quote/a.yaml": TEXT})


def test_names_files_as_people_do() -> None:
    folder = _folder()

    assert folder.path("a.yaml") == "services/quote/a.yaml"
    assert folder.path(APPLICATION) == "apps/quote.yaml"


def test_takes_its_own_files_out_of_a_repository() -> None:
    files = {
        "services/quote/a.yaml": b"a",
        "services/quote-history/a.yaml": b"b",
        "apps/quote.yaml": b"c",
        "apps/quote-history.yaml": b"d",
    }

    assert ServiceFolder.of("quote", files).files == {
        "services/quote/a.yaml": "a",
        "apps/quote.yaml": "c",
    }


def test_cuts_a_block_with_the_comment_above_it() -> None:
    folder = _folder()

    folder.cut("a.yaml", "first:", times=2)

    assert folder.read("a.yaml") == "spec:\n  # about the second\n  second: 2\n"


def test_replaces_and_substitutes_exactly() -> None:
    folder = _folder()

    folder.replace("a.yaml", "second: 2", "second: 3")
    folder.substitute("a.yaml", r"^  (second): (\d)$", r"  third: \2")

    assert folder.find("a.yaml", r"^  third: (.*)$") == "3"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda f: f.replace("a.yaml", "first", "x"), "stands there 3 times, not 1"),
        (lambda f: f.replace("a.yaml", "absent", "x"), "stands there 0 times, not 1"),
        (lambda f: f.cut("a.yaml", "first:"), "stands there 2 times, not 1"),
        (lambda f: f.substitute("a.yaml", r"^absent", ""), "is found 0 times, not 1"),
        (lambda f: f.find("a.yaml", r"^(absent)"), "nothing looks like"),
    ],
)
def test_a_story_that_no_longer_fits_is_an_error_and_changes_nothing(
    edit: object, said: str
) -> None:
    folder = _folder()

    with pytest.raises(StoryError, match=rf"services/quote/a\.yaml: .*{said}"):
        edit(folder)  # type: ignore[operator]

    assert folder.read("a.yaml") == TEXT
