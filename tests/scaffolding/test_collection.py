from __future__ import annotations

import os

import pytest

from flagstone.core.errors import NotFound
from flagstone.scaffolding import collection
from flagstone.scaffolding.errors import TemplateError

pytestmark = pytest.mark.django_db


def test_scaffolds_are_read_once_and_again_when_a_file_changes(scaffolds, monkeypatch):
    reads = []
    plain = collection.load_scaffolds
    monkeypatch.setattr(
        collection, "load_scaffolds", lambda folder: reads.append(1) or plain(folder)
    )
    first = collection.all_scaffolds()
    collection.all_scaffolds()
    assert [scaffold.id for scaffold in first] == ["tiny-api"]
    assert len(reads) == 1
    layer = scaffolds / "paved" / "{{cookiecutter.name}}"
    (layer / "new.txt").write_text("x")
    second = collection.all_scaffolds()
    assert len(reads) == 2
    assert second[0].version != first[0].version
    (layer / "new.txt").chmod(0o755)
    assert collection.all_scaffolds()[0].version != second[0].version
    os.utime(layer / "new.txt", (1, 1))
    collection.all_scaffolds()
    assert len(reads) == 4


def test_a_scaffold_is_found_by_its_name(scaffolds):
    assert collection.find_scaffold("tiny-api").title == "Tiny API"
    with pytest.raises(NotFound) as caught:
        collection.find_scaffold("other")
    assert (caught.value.code, caught.value.params) == ("scaffold.not_found", {"scaffold": "other"})


def test_a_broken_scaffold_is_listed_and_refused(scaffolds):
    (scaffolds / "tiny-api" / "template.yaml").write_text("a: [")
    assert collection.all_scaffolds()[0].problem is not None
    with pytest.raises(TemplateError, match=r"tiny-api/template\.yaml"):
        collection.find_scaffold("tiny-api")


def test_a_folder_that_is_not_there_has_no_scaffolds(settings, tmp_path):
    settings.FLAGSTONE_SCAFFOLDS_DIR = tmp_path / "nowhere"
    assert collection.all_scaffolds() == []
