from __future__ import annotations

import contextlib
import threading

import pytest
from django.db import connection

from flagstone.core.errors import Busy, Forbidden
from flagstone.core.models import AuditEntry, Job
from flagstone.forge.hosts.local import LocalForge
from flagstone.scaffolding.errors import AnswersInvalid
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.previewing import preview
from flagstone.scaffolding.rendering_places import place_to_render
from tests.scaffolding.building import TOP
from tests.scaffolding.conftest import ANSWERS

pytestmark = pytest.mark.django_db(transaction=True)


def test_both_trees_are_shown_and_nothing_is_written(scaffolds, gitops, root, member, sent):
    before = AuditEntry.objects.count()
    seen = preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    assert (seen.scaffold.id, seen.holder, seen.can_be_created) == ("tiny-api", "", True)
    assert sorted(seen.rendered.service.files) == [
        ".flagstone/provenance.yaml",
        "README.md",
        "run.sh",
    ]
    assert sorted(seen.rendered.gitops.files) == [
        "apps/checkout.yaml",
        "services/checkout/catalog-info.yaml",
        "services/checkout/deployment.yaml",
    ]
    assert seen.surroundings.gitops == gitops
    assert seen.surroundings.service_repository == "acme/checkout"
    assert LocalForge(root).repository_names() == ["acme/gitops"]
    assert LocalForge(root).list_pull_requests("acme/gitops") == []
    assert not ScaffoldRun.objects.exists()
    assert not Job.objects.exists()
    assert AuditEntry.objects.count() == before
    assert sent == []


def test_a_preview_shows_what_the_run_then_ships(scaffolds, gitops, request_run, member, root):
    from flagstone.scaffolding import pipeline
    from tests.forge.repositories import files_at

    seen = preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    run = request_run()
    pipeline.execute(run.pk)
    run.refresh_from_db()
    shipped = files_at(root / "acme/gitops.git", run.change_request.branch)
    made = files_at(root / "acme/checkout.git", "main")
    assert made == {
        path: ("100755 " if file.executable else "") + file.content.decode()
        for path, file in seen.rendered.service.files.items()
    }
    for path, file in seen.rendered.gitops.files.items():
        assert shipped[path] == file.content.decode()


def test_a_name_that_is_taken_is_said_and_shown_all_the_same(scaffolds, gitops, member):
    seen = preview(actor=member, scaffold_id="tiny-api", answers={**ANSWERS, "name": "quote"})
    assert seen.holder == "acme/gitops has a folder services/quote"
    assert seen.can_be_created is False
    assert "services/quote/deployment.yaml" in seen.rendered.gitops.files


def test_bad_answers_and_people_without_the_right_get_no_preview(
    scaffolds, gitops, member, stranger
):
    with pytest.raises(AnswersInvalid):
        preview(actor=member, scaffold_id="tiny-api", answers={"name": "../x"})
    with pytest.raises(Forbidden):
        preview(actor=stranger, scaffold_id="tiny-api", answers=ANSWERS)


@contextlib.contextmanager
def rendering_elsewhere(*users):
    """Let each of these render, in a thread with a connection of its own, until the test is done."""
    ready, done = threading.Barrier(len(users) + 1), threading.Event()

    def hold(user):
        with place_to_render(user):
            ready.wait()
            done.wait()
        connection.close()

    threads = [threading.Thread(target=hold, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    try:
        ready.wait(10)
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_nobody_renders_without_end_at_a_time(scaffolds, gitops, member, stranger):
    with rendering_elsewhere(member):
        preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    with (
        rendering_elsewhere(member, member),
        pytest.raises(Busy, match="Another preview of yours is being rendered"),
    ):
        preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    with (
        rendering_elsewhere(stranger, stranger, member),
        pytest.raises(Busy, match="Previews of others are being rendered"),
    ):
        preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        ([".github/workflows/ci.yaml"], "it would run in CI"),
        (["apps/a.yaml", "apps/A.yaml"], "differs from it only by case"),
    ],
)
def test_what_the_code_host_would_not_take_is_said(scaffolds, gitops, member, paths, reason):
    for path in paths:
        file = scaffolds / "paved" / TOP / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a: 1\n")
    seen = preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    assert reason in seen.unwritable
    assert (seen.holder, seen.can_be_created) == ("", False)


def test_a_file_that_is_a_folder_as_well_is_said(scaffolds, gitops, member):
    template = scaffolds / "tiny-api" / "template.yaml"
    template.write_text(
        template.read_text().replace(
            "    - id: publish\n",
            "    - id: odd\n      action: roadiehq:utils:fs:write\n"
            "      input: {path: gitops/services/checkout, content: x}\n    - id: publish\n",
        )
    )
    seen = preview(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    assert "is a file, so it cannot be a folder as well" in seen.unwritable
    assert seen.can_be_created is False
