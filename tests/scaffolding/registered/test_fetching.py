from __future__ import annotations

import os
import shutil
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from flagstone.core.tasks import RetryLater
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.models import TemplateSource, TemplateState
from flagstone.scaffolding.registered import fetching, holding
from flagstone.scaffolding.tasks import fetch_template, sweep_templates
from tests.git_http import publish

pytestmark = pytest.mark.django_db(transaction=True)


def fetched(source):
    fetching.fetch(source.pk)
    source.refresh_from_db()
    return source


def test_a_fetched_template_is_a_scaffold(register, server, work):
    source = fetched(register())
    assert (source.state, source.error) == (TemplateState.READY, "")
    scaffold = find_scaffold("demo")
    assert scaffold.title == "A demo"
    assert scaffold.layers["template"].origin.commit == source.commit
    assert scaffold.idle_code == ("hooks/post_gen_project.py",)
    assert [page.title for page in scaffold.form.pages] == ["The service", "The template"]


def test_a_template_in_a_folder_at_a_tag(register, server, work):
    shutil.move(work / "{{cookiecutter.name}}", work / "x")
    (work / "inner").mkdir()
    shutil.move(work / "x", work / "inner" / "{{cookiecutter.name}}")
    shutil.move(work / "cookiecutter.json", work / "inner" / "cookiecutter.json")
    commit = publish(work, server.root / "demo.git")
    source = fetched(register(directory="/inner/", ref="main"))
    assert source.commit == commit
    assert find_scaffold("demo").layers["template"].origin.directory == "inner"


@pytest.mark.parametrize(
    ("wishes", "code", "sentence"),
    [
        ({"url": "/gone.git"}, "forge.repository_gone", "or it is not for everybody to read."),
        ({"ref": "gone"}, "forge.ref_not_found", "has no branch and no tag 'gone'."),
        ({"directory": "gone"}, "scaffold.template_invalid", "gone: there is no such folder at "),
        ({"directory": "hooks"}, "scaffold.template_invalid", "is not a cookiecutter template"),
        ({"directory": "out"}, "scaffold.unsafe", "out: leads out of the repository"),
    ],
)
def test_what_cannot_be_fetched_says_why(register, server, work, wishes, code, sentence):
    (work / "out").symlink_to("/etc")
    publish(work, server.root / "demo.git")
    if "url" in wishes:
        wishes = {"url": server.url + wishes["url"]}
    source = fetched(register(**wishes))
    assert (source.state, source.error_code) == (TemplateState.FAILED, code)
    assert sentence in source.error
    assert source.commit == ""


def test_a_link_that_leads_out_is_refused(register, server, work):
    (work / "{{cookiecutter.name}}" / "link").symlink_to("/etc/passwd")
    publish(work, server.root / "demo.git")
    source = fetched(register())
    assert (source.state, source.error_code) == (TemplateState.FAILED, "scaffold.unsafe")


def test_a_host_that_does_not_answer_is_asked_again_and_not_for_ever(register, server):
    source = register()
    server.shutdown()
    server.server_close()
    for tries in range(1, fetching.MOST_TRIES):
        with pytest.raises(RetryLater):
            fetching.fetch(source.pk)
        source.refresh_from_db()
        assert (source.state, source.tries) == (TemplateState.WAITING, tries)
        assert source.not_before > timezone.now()
    source = fetched(source)
    assert source.state == TemplateState.FAILED
    assert "could not be read" in source.error


def test_a_host_that_is_not_allowed_any_more_is_not_asked(register, server, settings):
    source = register()
    settings.FLAGSTONE_TEMPLATE_HOSTS = ["github.com"]
    source = fetched(source)
    assert (source.state, source.error_code) == (TemplateState.FAILED, "scaffold.address_refused")
    assert server.asked == []


def test_one_template_is_fetched_at_a_time_and_the_next_is_called_for(register, server):
    """A slow host holds one worker; the others have other work."""
    first, second = register(), register(scaffold_id="second")
    called, begun, go_on = [], threading.Event(), threading.Event()

    class Slow(server.RequestHandlerClass):
        def _reply(self, *answer):
            begun.set()
            go_on.wait(20)
            super()._reply(*answer)

    server.RequestHandlerClass = Slow

    def work():
        fetching.take_turn(first.pk, called.append)
        connection.close()

    (worker := threading.Thread(target=work)).start()
    assert begun.wait(20)
    fetching.take_turn(second.pk, called.append)
    second.refresh_from_db()
    assert (second.state, called) == (TemplateState.WAITING, [])
    go_on.set()
    worker.join(20)
    assert called == [second.pk]
    fetching.take_turn(second.pk, called.append)
    states = TemplateSource.objects.values_list("state", flat=True)
    assert (list(states), called) == ([TemplateState.READY] * 2, [second.pk])


def test_the_next_is_called_for_after_a_failure_too(register, server, sent):
    first, second = register(), register(scaffold_id="second")
    server.shutdown()
    server.server_close()
    sent.clear()
    with pytest.raises(RetryLater):
        fetch_template(first.pk)
    assert sent == [("scaffolding.fetch_template", second.pk)]


@pytest.mark.parametrize("url", ["/demo.git", "/gone.git", ":1/unreachable.git"])
def test_what_comes_of_a_template_that_was_removed_meanwhile_is_dropped(
    register, server, monkeypatch, audit_actions, url
):
    source = register()
    TemplateSource.objects.update(
        url=server.url.rsplit(":", 1)[0] + url if ":" in url else server.url + url
    )
    plain = fetching.remote_of

    def removed_meanwhile(address):
        TemplateSource.objects.all().delete()
        return plain(address)

    monkeypatch.setattr(fetching, "remote_of", removed_meanwhile)
    fetching.fetch(source.pk)
    assert not TemplateSource.objects.exists()
    assert audit_actions()[-1] == "scaffolding.template_registered"


def test_the_sweep_finds_what_no_message_said(register, sent):
    source = register()
    sent.clear()
    sweep_templates()
    assert sent == []
    TemplateSource.objects.update(touched_at=timezone.now() - timedelta(minutes=1))
    sweep_templates()
    assert sent == [("scaffolding.fetch_template", source.pk)]
    sent.clear()
    sweep_templates()
    assert sent == []


def test_fetching_what_was_removed_or_is_there_does_nothing(register, server):
    source = fetched(register())
    server.asked.clear()
    fetching.fetch(source.pk)
    fetching.fetch(source.pk + 1)
    assert server.asked == []


def test_a_repository_that_never_was_is_not_called_gone(register, gitops):
    source = fetched(register(url="local:templates/nothing"))
    assert (source.state, source.error_code) == (TemplateState.FAILED, "forge.repository_gone")
    assert source.error == (
        "There is no repository templates/nothing on the code host local. "
        "Look at how it is written, then register it anew."
    )


def test_a_template_of_the_local_code_host(register, root, gitops, work):
    commit = publish(work, root / "acme" / "template.git")
    source = fetched(register(url="local:acme/template"))
    assert (source.state, source.commit) == (TemplateState.READY, commit)


def test_files_on_disk_come_back_when_they_are_lost(register):
    source = fetched(register())
    folder = find_scaffold("demo").folder
    assert folder.name == source.digest
    shutil.rmtree(folder)
    assert (find_scaffold("demo").folder / "cookiecutter.json").is_file()


def test_files_that_were_changed_in_the_database_are_not_used(register):
    source = fetched(register())
    other = fetched(register(scaffold_id="other", directory="", title="Other"))
    TemplateSource.objects.filter(pk=other.pk).update(digest="0" * 64)
    (broken,) = holding.scaffolds_in(TemplateSource.objects.get(pk=other.pk))
    assert "its files are not those that were kept" in str(broken.problem)
    assert find_scaffold(source.scaffold_id).problem is None


def test_what_nobody_holds_is_removed_after_a_while(register):
    source = fetched(register())
    folder = find_scaffold("demo").folder
    os.utime(folder, (1, 1))
    assert holding.remove_unused() == 0
    source.delete()
    assert holding.remove_unused() == 1
    assert not folder.exists()


def test_what_a_run_was_just_given_stays_when_its_template_moves_on(register):
    """The run still renders from it."""
    source = fetched(register())
    folder = find_scaffold("demo").folder
    os.utime(folder, (1, 1))
    assert find_scaffold("demo").folder == folder
    source.delete()
    assert holding.remove_unused() == 0
    assert folder.is_dir()


def test_a_new_title_shows_at_once(register):
    source = fetched(register())
    assert find_scaffold("demo").title == "A demo"
    TemplateSource.objects.filter(pk=source.pk).update(title="Renamed")
    assert find_scaffold("demo").title == "Renamed"


def test_a_template_that_cannot_be_used_is_not_kept(register, server, work):
    (work / "cookiecutter.json").write_text('{"name": "svc", "": "y"}')
    publish(work, server.root / "demo.git")
    source = fetched(register())
    assert (source.state, source.error_code) == (TemplateState.FAILED, "scaffold.template_invalid")
    assert source.error == (
        "demo/cookiecutter.json: has a variable without a name, which nobody can be asked for"
    )
    assert source.commit == ""


def test_a_template_that_breaks_the_reader_takes_no_other_with_it(register, monkeypatch, caplog):
    usable, broken = fetched(register()), fetched(register(scaffold_id="other", title="Other"))

    def scaffolds_of(source, *, entry):
        if source.id == broken.scaffold_id:
            raise RecursionError("maximum recursion depth exceeded")
        return read(source, entry=entry)

    read = holding.scaffolds_of
    monkeypatch.setattr(holding, "scaffolds_of", scaffolds_of)
    monkeypatch.setattr(holding, "_held", {})
    found = {each.id: str(each.problem or "") for each in holding.registered_scaffolds()}
    assert found == {
        usable.scaffold_id: "",
        "other": "other: cannot be read, which is a fault of Flagstone: RecursionError: "
        "maximum recursion depth exceeded",
    }
    assert "the template other cannot be read" in caplog.text
