"""`flagstone render`: what a scaffold would write, and how it would be judged; without a server, and dry by default."""

from __future__ import annotations

import contextlib
import difflib
import getpass
import shutil
from collections.abc import Iterator, Mapping, Sized
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from flagstone.cli.choosing import Wish, chosen_scaffold
from flagstone.cli.questions import by_key, listed
from flagstone.core.content import content_dir
from flagstone.core.errors import Conflict, NotFound, UserError
from flagstone.core.hidden_characters import written_out
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.folder_files import FolderFiles
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.reading import read_files
from flagstone.scaffolding.engine import yaml_source
from flagstone.scaffolding.engine.argocd_address import argocd_address
from flagstone.scaffolding.engine.plan import RenderedService, render
from flagstone.scaffolding.engine.scaffold import ENVIRONMENT, Scaffold
from flagstone.scaffolding.engine.trees import RenderedTree
from flagstone.scaffolding.engine.typed_answers import from_words
from flagstone.scaffolding.engine.verdicts import Verdict, judge, sentence_of
from flagstone.scaffolding.errors import AnswersInvalid, TemplateError
from flagstone.scorecards.engine.definition import load_scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.states import State

_MOST_NAMED = 3
_WIDEST = 110
_WANTING = (State.FAIL, State.WARN, State.ERROR, State.NO_DATA)


def render_scaffold(
    scaffold: Annotated[
        str,
        typer.Argument(
            help="Its id, such as python-api; a folder with a template.yaml or a cookiecutter.json; or the "
            "address of a cookiecutter repository, such as gh:owner/name."
        ),
    ],
    answers: Annotated[
        Path | None, typer.Option(help="A YAML file with an answer for each question, by name.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="QUESTION=ANSWER", help="One answer more. Repeat it."),
    ] = None,
    gitops: Annotated[
        Path | None,
        typer.Option(
            help="A clone of the GitOps repository: to judge and compare beside it, with its address."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write service/ and gitops/ into it.")
    ] = None,
    scaffolds: Annotated[
        Path | None, typer.Option(help="A folder of scaffolds, instead of Flagstone's own.")
    ] = None,
    ref: Annotated[
        str, typer.Option(help="Branch, tag or commit of a repository; else its default branch.")
    ] = "",
    directory: Annotated[
        str, typer.Option(help="The template's folder in a repository; else its top.")
    ] = "",
    template: Annotated[
        str, typer.Option(help="Which one, where a repository nests several.")
    ] = "",
    run_code: Annotated[
        bool,
        typer.Option("--run-code", help="Run the hooks and extensions of a template, locked in."),
    ] = False,
    questions: Annotated[
        bool,
        typer.Option("--questions", help="List what it asks, and render nothing."),
    ] = False,
) -> None:
    """Show what a scaffold writes with these answers: both trees, the policies' verdict, the first score.

    Nothing is written without --output. Exit status: 0 it can be created, 1 a policy denies it, a file of it cannot be
    read or another is in the way of a service, 2 wrong usage or answers.
    """
    wish = Wish(scaffold, scaffolds, ref, directory, template, run_code)
    with chosen_scaffold(wish) as chosen:
        if questions:
            _tell_questions(chosen)
            return
        around = _around(gitops)
        rendered = _render(chosen, _answers(chosen, answers, given or []), around)
    if output is not None:
        # before anything is told: whoever reads may stop after three lines, as `head -3` does
        _write(rendered, output)
    typer.echo(f"{rendered.service_name}, from {chosen.title} {chosen.version}")
    for word in chosen.idle_code:
        typer.echo(f"not run      {written_out(word)}: --run-code runs it, locked in")
    for step in rendered.skipped:
        typer.echo(f"left out     {written_out(step)}: its condition is false")
    for line in rendered.log:
        typer.echo(f"note         {written_out(line)}")
    _tell_files("service repository", rendered.service, {})
    changed = _tell_files("GitOps repository", rendered.gitops, around)
    policies = PolicySet.load(content_dir("scorecards") / "policies")
    verdict = _tell_verdict(rendered, policies)
    _tell_score(rendered, around, policies)
    if output is not None:
        typer.echo(f"\nWritten: {output}/service and {output}/gitops")
    else:
        typer.echo("\nNothing was written; --output FOLDER writes both trees.")
    if (changed and not chosen.is_change) or not verdict.may_be_written:
        raise typer.Exit(1)


def _answers(scaffold: Scaffold, file: Path | None, given: list[str]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    if file is not None:
        try:
            document = yaml_source.read(file.read_bytes(), file=str(file)).value
        except OSError as error:
            raise UserError(f"{file} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise UserError(f"{file} is no mapping of questions to answers.")
        answers |= document
    words: dict[str, list[str]] = {}
    for word in given:
        question, equals, answer = word.partition("=")
        if not equals:
            raise UserError(f"--set {word}: write it as QUESTION=ANSWER.")
        words.setdefault(question, []).append(answer)
    return answers | from_words(scaffold.form, words)


def _tell_questions(scaffold: Scaffold) -> None:
    width = min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)
    typer.echo(f"{scaffold.title} asks {_counted(scaffold.form.fields, 'question')}:")
    for line in listed(scaffold.form, width):
        typer.echo(line)
    typer.echo("\nAnswer with --set QUESTION=ANSWER, or with --answers FILE.")


def _render(
    scaffold: Scaffold, answers: Mapping[str, Any], around: Mapping[str, bytes]
) -> RenderedService:
    name = getpass.getuser()
    environment = dict.fromkeys(ENVIRONMENT - {"argocdRepoUrl"}, "")
    if address := argocd_address(read_files(around, render=False)):
        environment["argocdRepoUrl"] = address
    try:
        return render(
            replace(scaffold, form=by_key(scaffold.form)),
            answers,
            user={"ref": f"user:default/{name}", "entity": {"metadata": {"name": name}}},
            environment=environment,
            now=datetime.now(UTC),
        )
    except AnswersInvalid as error:
        raise UserError(f"{error.message} --questions lists all that is asked.") from error
    except TemplateError as error:
        if not scaffold.idle_code:
            raise
        raise UserError(
            f"{error.message}. Not run: {', '.join(scaffold.idle_code)}; --run-code runs it, locked in."
        ) from error


def _around(gitops: Path | None) -> dict[str, bytes]:
    """Read what is there; what is too large or may not be read is nothing that a scorecard looks at."""
    if gitops is None:
        return {}
    if not gitops.is_dir():
        raise NotFound(f"There is no folder {gitops}.")
    files, found = FolderFiles(gitops, Limits()), {}
    for path in files:
        with contextlib.suppress(OSError):
            found[path] = files[path]
    return found


def _tell_files(title: str, tree: RenderedTree, around: Mapping[str, bytes]) -> bool:
    """List the files, with what would change of those that are there; tell whether any would."""
    typer.echo(f"\n{title}: {_counted(tree.files, 'file')}")
    changed = False
    for path, file in tree.files.items():
        before = around.get(path)
        mark = "+" if before is None else "=" if before == file.content else "~"
        typer.echo(f"  {mark} {written_out(path)}")
        if before is not None and before != file.content:
            changed = True
            for line in _difference(before, file.content):
                typer.echo(f"      {written_out(line)}")
    return changed


def _counted(things: Sized, word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _difference(before: bytes, after: bytes) -> Iterator[str]:
    old, new = (text.decode(errors="replace").splitlines() for text in (before, after))
    yield from list(difflib.unified_diff(old, new, "there", "rendered", lineterm="", n=1))[2:]


def _tell_verdict(rendered: RenderedService, policies: PolicySet) -> Verdict:
    verdict = judge(rendered.gitops.contents(), policies)
    hold = "hold" if verdict.may_be_written else "do not all hold"
    objects = f"{verdict.objects} object{'' if verdict.objects == 1 else 's'}"
    if verdict.objects or not verdict.may_be_written:
        typer.echo(f"\npolicies     {len(policies.policies)} {hold}, in {objects}")
    else:
        typer.echo("\npolicies     nothing to judge: it writes no Kubernetes object")
    for title, sentences in (
        ("unreadable", verdict.unreadable),
        ("denied", tuple(map(sentence_of, verdict.denied))),
        ("broken policy", tuple(error.message for error in verdict.broken)),
        ("warning", verdict.warned),
        ("not evaluated", verdict.not_evaluated),
    ):
        for sentence in sentences:
            typer.echo(f"  {title}: {written_out(sentence)}")
    return verdict


def _tell_score(
    rendered: RenderedService, around: Mapping[str, bytes], policies: PolicySet
) -> None:
    card = load_scorecard(content_dir("scorecards") / "production-readiness.yaml")
    snapshot = read_files({**around, **rendered.gitops.contents()}, render=False)
    report = evaluate(snapshot, card, policies, now=datetime.now(UTC))
    service = next((s for s in report.services if s.name == rendered.service_name), None)
    if service is None:
        typer.echo("starts as    nothing that a scorecard knows: no workload, no catalog-info.yaml")
        return
    typer.echo(f"starts as    {service.score} of 100, {service.level or 'no level'}")
    wanting: dict[tuple[State, str], list[str]] = {}
    for check in service.checks:
        if check.state in _WANTING:
            wanting.setdefault((check.state, check.summary), []).append(check.rule.check.id)
    for (state, summary), ids in wanting.items():
        named = ", ".join(ids) if len(ids) <= _MOST_NAMED else f"{len(ids)} checks"
        typer.echo(f"  {state.value.replace('_', ' '):8} {named}  {written_out(summary)}")
    if not around:
        typer.echo("  (with --gitops FOLDER it is judged beside what its repository holds)")


def _write(rendered: RenderedService, folder: Path) -> None:
    trees = {"service": rendered.service, "gitops": rendered.gitops}
    for root in (folder / name for name in trees):
        if root.exists() and any(root.iterdir()):
            raise Conflict(f"{root} is not empty, so nothing was written. Name another folder.")
    for name, tree in trees.items():
        tree.write_into(folder / name)
