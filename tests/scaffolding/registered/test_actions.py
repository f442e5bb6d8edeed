from __future__ import annotations

import pytest

from flagstone.core.errors import Forbidden, UserError
from flagstone.core.models import AuditEntry
from flagstone.scaffolding.engine.addresses import AddressRefused
from flagstone.scaffolding.errors import TemplateMoved, TemplateTaken
from flagstone.scaffolding.models import TemplateSource, TemplateState
from flagstone.scaffolding.registered import actions, fetching

pytestmark = pytest.mark.django_db(transaction=True)


def audited():
    found = AuditEntry.objects.filter(action__startswith="scaffolding.template").order_by(
        "sequence"
    )
    return [(entry.action.removeprefix("scaffolding."), entry.subject) for entry in found]


def test_a_template_is_registered_and_a_worker_is_told(register, sent, server):
    source = register()
    assert (source.scaffold_id, source.state, source.runs_code) == ("demo", "waiting", False)
    assert sent == [("scaffolding.fetch_template", source.pk)]
    assert audited() == [("template_registered", "template:demo")]
    assert AuditEntry.objects.get().data == {
        "url": f"{server.url}/demo.git",
        "ref": "",
        "directory": "",
    }


@pytest.mark.parametrize("who", ["member", "lead", "stranger"])
def test_only_the_platform_team_may(register, request, who, sent):
    person = request.getfixturevalue(who)
    with pytest.raises(Forbidden):
        register(actor=person)
    assert TemplateSource.objects.count() == 0
    source = register()
    for act in (
        lambda: actions.fetch_again(actor=person, source=source),
        lambda: actions.let_code_run(actor=person, source=source, commit="c"),
        lambda: actions.keep_code_off(actor=person, source=source),
        lambda: actions.remove_template(actor=person, source=source),
    ):
        with pytest.raises(Forbidden):
            act()
    assert audited() == [("template_registered", "template:demo")]


@pytest.mark.parametrize(
    ("wishes", "error", "sentence"),
    [
        ({"url": "https://evil.example/a/b"}, AddressRefused, "not fetched from https://evil"),
        ({"url": "local:../etc"}, AddressRefused, "no address of a git repository"),
        ({"scaffold_id": "No Id"}, UserError, "The id 'No Id' is none"),
        ({"scaffold_id": "a" * 41}, UserError, "The id has 41 characters; 40 are the most."),
        ({"directory": "../x"}, UserError, "'../x' is no folder of a repository"),
        ({"title": "a\nb"}, UserError, "The title"),
        ({"scaffold_id": "new"}, UserError, "The id 'new' is kept for Flagstone's own pages"),
        ({"scaffold_id": "runs"}, UserError, "The id 'runs' is kept for Flagstone's own pages"),
        ({"title": "a\u202eb"}, UserError, "or turns what is read: a\u27e8U+202E\u27e9b."),
        ({"title": "a" * 101}, UserError, "The title has 101 characters"),
        ({"scaffold_id": "python-api"}, TemplateTaken, "There is a scaffold 'python-api' already."),
    ],
)
def test_what_cannot_be_registered_says_why(register, wishes, error, sentence):
    with pytest.raises(error) as refused:
        register(**wishes)
    assert sentence in refused.value.message
    assert TemplateSource.objects.count() == 0


def test_an_id_is_taken_once(register):
    register()
    with pytest.raises(TemplateTaken):
        register()
    assert register(scaffold_id="other").title == "A demo"


def test_a_template_of_flagstones_own_code_host(register, gitops):
    assert register(url="local:acme/template").url == "local:acme/template"
    with pytest.raises(AddressRefused, match="names no repository of the code host local"):
        register(url="local:../etc", scaffold_id="other")


def test_code_is_let_for_one_commit_only(register, server, work):
    source = register()
    fetching.fetch(source.pk)
    source.refresh_from_db()
    with pytest.raises(TemplateMoved, match="Look at its code again"):
        actions.let_code_run(actor=source.registered_by, source=source, commit="f" * 40)
    actions.let_code_run(actor=source.registered_by, source=source, commit=source.commit)
    actions.let_code_run(actor=source.registered_by, source=source, commit=source.commit)
    source.refresh_from_db()
    assert source.runs_code
    from tests.git_http import publish

    (work / "new").write_text("x")
    publish(work, server.root / "demo.git")
    actions.fetch_again(actor=source.registered_by, source=source)
    fetching.fetch(source.pk)
    source.refresh_from_db()
    assert not source.runs_code
    names = [name for name, _ in audited()]
    assert names == [
        "template_registered",
        "template_fetched",
        "template_code_let",
        "template_fetch_asked",
        "template_fetched",
    ]


def test_code_is_stopped_again(register):
    source = register()
    fetching.fetch(source.pk)
    source.refresh_from_db()
    actions.let_code_run(actor=source.registered_by, source=source, commit=source.commit)
    actions.keep_code_off(actor=source.registered_by, source=source)
    actions.keep_code_off(actor=source.registered_by, source=source)
    source.refresh_from_db()
    assert not source.runs_code
    assert [name for name, _ in audited()][-2:] == ["template_code_let", "template_code_stopped"]


def test_what_was_kept_stays_in_use_until_the_new_files_are_there(register):
    source = register()
    fetching.fetch(source.pk)
    again = actions.fetch_again(actor=source.registered_by, source=source, ref="gone")
    assert (again.state, again.ref, bool(again.commit)) == (TemplateState.WAITING, "gone", True)
    fetching.fetch(source.pk)
    again.refresh_from_db()
    assert again.state == TemplateState.FAILED
    assert "has no branch and no tag 'gone'" in again.error
    from flagstone.scaffolding.collection import find_scaffold

    assert find_scaffold("demo").problem is None


def test_a_removed_template_is_offered_no_more(register):
    source = register()
    fetching.fetch(source.pk)
    from flagstone.scaffolding.collection import all_scaffolds

    assert "demo" in [scaffold.id for scaffold in all_scaffolds()]
    actions.remove_template(actor=source.registered_by, source=source)
    assert "demo" not in [scaffold.id for scaffold in all_scaffolds()]
    assert audited()[-1] == ("template_removed", "template:demo")
