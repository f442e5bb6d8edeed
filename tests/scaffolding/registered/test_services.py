"""A service made from a registered template: from the request to the merge, with and without its code."""

from __future__ import annotations

import pytest
import yaml

from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.engine.provenance import PATH
from flagstone.scaffolding.errors import TemplateError
from flagstone.scaffolding.keeping import base_of
from flagstone.scaffolding.models import Provenance, RunState
from flagstone.scaffolding.registered import actions as templates
from flagstone.scaffolding.registered import fetching
from flagstone.scaffolding.registered.selectors import template_detail
from tests.git_http import publish

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERS = {
    "serviceName": "funds-transfer",
    "serviceOwner": "group:default/payments",
    "serviceDescription": "Moves money",
    "name": "funds",
}


@pytest.fixture
def source(register, scaffolds, gitops, register_service):
    register_service("payments", kind="Group")
    made = register()
    fetching.fetch(made.pk)
    made.refresh_from_db()
    return made


def made(member):
    run = actions.request_run(actor=member, scaffold_id="demo", answers=ANSWERS)
    pipeline.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.WAITING, "")
    return run


def files_of(repository):
    from flagstone.forge.selectors import read_tree

    return read_tree(repository).files


def test_its_repository_holds_what_the_template_writes(source, member):
    run = made(member)
    files = files_of(run.repository)
    assert files["README.md"] == b"# FUNDS\n"
    assert "by-hook" not in files
    record = yaml.safe_load(files[PATH])
    assert record["layers"][0]["origin"] == {
        "url": source.url, "commit": source.commit, "directory": "",
    }  # fmt: skip
    assert record["layers"][0]["variables"] == {"name": "funds", "title": "FUNDS"}
    assert run.change_request.pull_request.title == "Add funds-transfer to the catalogue"


def test_hooks_run_once_the_platform_team_lets_them(source, member):
    templates.let_code_run(actor=source.registered_by, source=source, commit=source.commit)
    run = made(member)
    assert files_of(run.repository)["by-hook"] == b"x"


def test_what_a_hook_prints_is_in_the_log(source, work, server, member):
    hook = work / "hooks" / "post_gen_project.py"
    hook.write_text(
        "print('\\n'.join(map(str, range(60))))\nprint('password=canary\\x00', end='\\n' * 3)\n"
    )
    publish(work, server.root / "demo.git")
    templates.fetch_again(actor=source.registered_by, source=source)
    fetching.fetch(source.pk)
    source.refresh_from_db()
    templates.let_code_run(actor=source.registered_by, source=source, commit=source.commit)
    run = made(member)
    said = [line.text for line in run.job.lines.all() if " says: " in line.text]
    assert said[0] == "demo says: 11"
    assert said[-2] == "demo says: 59"
    assert said[-1].startswith("demo says: password=[redacted]")
    assert len(said) == 50


def provenance_of(run, **more):
    return Provenance(
        scaffold_id=run.scaffold_id,
        scaffold_version=run.scaffold_version,
        answers=run.rendered["answers"],
        **{"layers": run.rendered["layers"], **more},
    )


def test_the_base_is_rendered_again_when_the_template_is_gone(source, member):
    run = made(member)
    files = files_of(run.repository)
    templates.remove_template(actor=source.registered_by, source=source)
    assert base_of(provenance_of(run))["service"].contents() == dict(files)


def test_code_takes_part_again_as_long_as_it_is_let(source, member):
    templates.let_code_run(actor=source.registered_by, source=source, commit=source.commit)
    run = made(member)
    assert base_of(provenance_of(run))["service"].contents() == dict(files_of(run.repository))


@pytest.mark.parametrize("forbid", [templates.keep_code_off, templates.remove_template])
def test_code_that_may_not_run_any_more_does_not_take_part_again(source, member, forbid):
    templates.let_code_run(actor=source.registered_by, source=source, commit=source.commit)
    run = made(member)
    forbid(actor=source.registered_by, source=source)
    with pytest.raises(TemplateError) as refused:
        base_of(provenance_of(run))
    assert refused.value.code == "scaffold.code_not_let"
    assert "its own code took part (hooks/post_gen_project.py), and may not run any more" in str(
        refused.value
    )


def test_a_record_cannot_let_code_run(source, member):
    run = made(member)
    layers = [{**layer, "ran_code": True} for layer in run.rendered["layers"]]
    with pytest.raises(TemplateError) as refused:
        base_of(provenance_of(run, layers=layers))
    assert refused.value.code == "scaffold.code_not_let"


def test_its_code_can_be_read_before_it_is_let(source):
    detail = template_detail("demo")
    assert [(file.path, file.text) for file in detail.code] == [
        ("hooks/post_gen_project.py", "open('by-hook', 'w').write('x')\n")
    ]
    assert [scaffold.id for scaffold in detail.scaffolds] == ["demo"]
