"""What a template of Backstage cannot do: refused when it is loaded, or where the answers are known."""

from __future__ import annotations

import time

import pytest

from flagstone.scaffolding.engine.catalog_file import component_in
from flagstone.scaffolding.errors import TemplateError
from tests.scaffolding.engine.backstage import (
    load,
    rendered,
    with_step,
)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("action: fetch:plain\ninput: {url: ./gone}", "url './gone' names a folder that is not"),
        ("action: fetch:plain\ninput: {url: ../../x}", "url '../../x' leads out of the scaffolds'"),
        ("action: fetch:plain\ninput: {url: 'https://github.com/a/b'}", "url must name a folder bes"),
        ("action: fetch:plain\ninput: {url: ./docs, targetPath: /etc}", "targetPath '/etc' is abs"),
        ("action: fetch:plain\ninput: {url: ./docs, targetPath: a/../../b}", "targetPath 'a/../../b'"),
        ("action: publish:github:webhook\ninput: {}", "action 'publish:github:webhook', which Flag"),
        ("action: debug:log\ninput: {message: '${{ secrets.X }}'}", "'secrets.X' is a secret: what"),
        ("action: debug:log\ninput: {message: '${{ steps.one.output.x }}'}", "'steps.one.output.x' do"),
        ("action: debug:log\ninput: {message: '${{ each.value }}'}", "'each.value' does not exist"),
        ("action: debug:log\ninput: {message: '${{ nothing }}'}", "'nothing' does not exist here"),
        ("action: debug:log\ninput: {message: '${{ user.password }}'}", "'user.password' does not"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_found_when_it_is_loaded(folder, step, sentence):
    with pytest.raises(TemplateError) as refused:
        load(folder, with_step(step))
    assert refused.value.file == "node/template.yaml"
    assert refused.value.line > 30
    assert sentence in refused.value.message


WRITE = "action: roadiehq:utils:fs:write\ninput"


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (f"{WRITE}: {{path: '../${{{{ parameters.name }}}}', content: x}}", "path '../checkout' has the"),
        (f"{WRITE}: {{path: '${{{{ parameters.language }}}}/.git/x', content: x}}", "path 'ts/.git/x' has"),
        (f"{WRITE}: {{path: './', content: x}}", "path must name a file"),
        ("action: fs:rename\ninput: {files: [{from: a, to: b}]}", "there is no file or folder 'a' to rename"),
        ("action: fs:rename\ninput: {files: [a]}", "files must be a list of 'from' and 'to'"),
        ("action: fs:rename\ninput: {files: [{from: a, to: ../b}]}", "files: '../b' has the part '..'"),
        ("action: fs:delete\ninput: {files: all}", "files must be a list of paths or patterns"),
        ("each: ${{ parameters.name }}\naction: debug:log\ninput: {message: x}",
         "each must give a list or a mapping"),
        ("action: publish:github\ninput: {repoUrl: nowhere}", "'nowhere' names no repository"),
        ("each: [1, 2]\naction: publish:github\ninput: {repoUrl: '${{ parameters.repoUrl }}'}",
         "a second repository would be made"),
        ("each: [1, 2]\naction: publish:gitops:pull-request\ninput: {title: x}",
         "a second pull request would be opened"),
        ("action: catalog:register\ninput: {catalogInfoUrl: 'https://elsewhere/x.yaml'}",
         "only a file that this run makes can be registered"),
        ("action: fetch:cookiecutter\ninput: {url: './${{ parameters.language }}'}",
         "url './ts' names a folder that is not there"),
        ("action: argocd:create-resources\ninput: {appName: '../x', repoUrl: y}",
         "'../x' is no name for an object of Kubernetes"),
    ],
)  # fmt: skip
def test_what_these_answers_cannot_make_names_its_line(folder, step, sentence):
    with pytest.raises(TemplateError) as refused:
        rendered(load(folder, with_step(step)))
    assert refused.value.line > 30
    assert sentence in refused.value.message


def test_an_answer_never_becomes_an_expression(folder):
    steps = with_step(
        "action: roadiehq:utils:fs:write\n"
        "input: {path: a, content: '${{ parameters.owner }} ${{ parameters.ports[0] }}'}\n"
    )
    steps += "    - {id: p, name: P, action: 'publish:repository', input: {sourcePath: .}}\n"
    made = rendered(load(folder, steps), owner="group:default/x", ports=["${{ 7 * 7 }} {% x %}"])
    assert made.service.files["a"].content == b"group:default/x ${{ 7 * 7 }} {% x %}"


def test_steps_without_end_are_stopped(folder):
    steps = with_step("action: debug:log") + "".join(
        f"    - {{id: s{number}, name: S, each: '${{{{ parameters.ports }}}}', action: 'roadiehq:utils:fs:write', "
        f"input: {{path: 'b{number}/${{{{ each.key }}}}', content: x}}}}\n"
        for number in range(10)
    )
    with pytest.raises(TemplateError, match="the steps come to more than 300 deeds"):
        rendered(load(folder, steps), ports=[str(n) for n in range(100)])


def test_steps_that_do_nothing_are_counted_as_well(folder):
    steps = with_step("action: debug:log") + "".join(
        f"    - {{id: s{number}, name: S, each: '${{{{ parameters.ports }}}}', action: 'debug:log'}}\n"
        for number in range(10)
    )
    with pytest.raises(TemplateError, match="the steps come to more than 300 deeds"):
        rendered(load(folder, steps), ports=[str(n) for n in range(100)])


def test_a_log_without_end_is_cut(folder):
    steps = with_step(
        "action: debug:log\ninput: {message: \"${{ 'a' | replace('a', '"
        + "-\\n" * 3000
        + "') }}\"}"
    )
    log = rendered(load(folder, steps)).log
    assert (len(log), log[-1]) == (1000, "What the steps say after this is left out.")


def test_what_no_run_could_keep_is_refused(folder):
    steps = with_step("action: debug:log\ninput: {message: \"${{ 'a\\\\x00b' }}\"}")
    with pytest.raises(TemplateError) as caught:
        rendered(load(folder, steps))
    assert caught.value.message.endswith(
        "what its steps come to holds the character NUL, which no text may have"
    )


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
)


@pytest.mark.parametrize(
    ("content", "entity_ref"),
    [
        ("kind: Component\nmetadata: {name: Shop}\nwhen: 2020-13-45\n", "component:default/shop"),
        ("a: " + "[" * 20_000 + "]" * 20_000, ""),
        (f"{BOMB}\nkind: Component\nmetadata: {{name: *a7}}\n", ""),
    ],
)
def test_a_catalogue_file_of_any_kind_is_read_within_limits(content, entity_ref):
    begun = time.monotonic()
    assert component_in(content.encode()) == entity_ref
    assert time.monotonic() - begun < 45
