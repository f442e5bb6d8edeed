"""`flagstone render`: what a scaffold would write, and how it would be judged; without a server, and dry by default."""

from __future__ import annotations

import difflib
import getpass
from collections import ChainMap
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from flagstone.core.content import content_dir
from flagstone.core.errors import Conflict, NotFound, UserError
from flagstone.core.hidden_characters import written_out
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.folder_files import FolderFiles
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.reading import read_files
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scaffolding.engine.answers import from_html
from flagstone.scaffolding.engine.plan import RenderedService, render
from flagstone.scaffolding.engine.scaffold import ENVIRONMENT, Scaffold, load_scaffolds
from flagstone.scaffolding.engine.trees import RenderedTree
from flagstone.scorecards.engine.definition import load_scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.states import State

_WANTING = (State.FAIL, State.WARN, State.ERROR, State.NO_DATA)


def render_scaffold(
    scaffold: Annotated[str, typer.Argument(help="Its id, such as python-api.")],
    answers: Annotated[
        Path | None, typer.Option(help="A YAML file with an answer for each question, by name.")
    ] = None,
    given: Annotated[
        list[str],
        typer.Option("--set", metavar="QUESTION=ANSWER", help="One answer more. Repeat it."),
    ] = [],  # noqa: B006 - typer's way to say a list
    gitops: Annotated[
        Path | None,
        typer.Option(help="A clone of the GitOps repository, to judge and compare beside it."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write service/ and gitops/ into it.")
    ] = None,
    scaffolds: Annotated[
        Path | None, typer.Option(help="A folder of scaffolds, instead of Flagstone's own.")
    ] = None,
) -> None:
    """Show what a scaffold writes with these answers: both trees, the policies' verdict, the first score.

    Nothing is written without --output. Exit status: 0 it can be created, 1 a policy denies it or a file is in
    the way, 2 wrong usage or answers.
    """
    chosen = _find(scaffold, scaffolds or content_dir("scaffolds"))
    rendered = _render(chosen, _answers(chosen, answers, given))
    around = _around(gitops)
    typer.echo(f"{rendered.service_name}, from {chosen.title} {chosen.version}")
    _tell_files("service repository", rendered.service, {})
    changed = _tell_files("GitOps repository", rendered.gitops, around)
    denied = _tell_verdict(rendered, around)
    if output is not None:
        _write(rendered, output)
        typer.echo(f"\nWritten: {output}/service and {output}/gitops")
    else:
        typer.echo("\nNothing was written; --output FOLDER writes both trees.")
    if denied or changed:
        raise typer.Exit(1)


def _find(wanted: str, folder: Path) -> Scaffold:
    found = {each.id: each for each in load_scaffolds(folder)}
    if wanted not in found:
        raise NotFound(
            f"{folder} has no scaffold '{wanted}'. It has {', '.join(sorted(found)) or 'none'}."
        )
    if problem := found[wanted].problem:
        raise problem
    return found[wanted]


def _answers(scaffold: Scaffold, file: Path | None, given: list[str]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    if file is not None:
        try:
            document = yaml.safe_load(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UserError(f"{file} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise UserError(f"{file} is no mapping of questions to answers.")
        answers |= document
    posted: dict[str, list[str]] = {}
    for word in given:
        question, equals, answer = word.partition("=")
        if not equals:
            raise UserError(f"--set {word}: write it as QUESTION=ANSWER.")
        posted.setdefault(question, []).append(answer)
    typed = from_html(scaffold.form, posted)  # an unchecked box is no answer here
    return answers | {name: typed[name] for name in posted if name in typed}


def _render(scaffold: Scaffold, answers: Mapping[str, Any]) -> RenderedService:
    name = getpass.getuser()
    return render(
        scaffold,
        answers,
        user={"ref": f"user:default/{name}", "entity": {"metadata": {"name": name}}},
        environment=dict.fromkeys(ENVIRONMENT, ""),
        now=datetime.now(UTC),
    )


def _around(gitops: Path | None) -> Mapping[str, bytes]:
    if gitops is None:
        return {}
    if not gitops.is_dir():
        raise NotFound(f"There is no folder {gitops}.")
    return FolderFiles(gitops, Limits())


def _tell_files(title: str, tree: RenderedTree, around: Mapping[str, bytes]) -> bool:
    """List the files, with what would change of those that are there; tell whether any would."""
    typer.echo(f"\n{title}: {len(tree.files)} files")
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


def _difference(before: bytes, after: bytes) -> Iterator[str]:
    old, new = (text.decode(errors="replace").splitlines() for text in (before, after))
    yield from list(difflib.unified_diff(old, new, "there", "rendered", lineterm="", n=1))[2:]


def _tell_verdict(rendered: RenderedService, around: Mapping[str, bytes]) -> bool:
    """Say what the policies and the scorecard make of it; tell whether an enforced policy denies it."""
    content = content_dir("scorecards")
    policies = PolicySet.load(content / "policies")
    files = ChainMap(dict(rendered.gitops.contents()), dict(around))
    denied = _tell_policies(read_files(rendered.gitops.contents(), render=False), policies)
    card = load_scorecard(content / "production-readiness.yaml")
    report = evaluate(read_files(files, render=False), card, policies, now=datetime.now(UTC))
    service = next((s for s in report.services if s.name == rendered.service_name), None)
    if service is None:
        typer.echo("starts as    nothing that a scorecard knows: no workload, no catalog-info.yaml")
        return denied
    typer.echo(f"starts as    {service.score} of 100, {service.level or 'no level'}")
    for check in service.checks:
        if check.state in _WANTING:
            typer.echo(
                f"  {check.state.value.replace('_', ' '):8} {check.rule.check.id}  {check.summary}"
            )
    if not around:
        typer.echo("  (with --gitops FOLDER it is judged beside what its repository holds)")
    return denied


def _tell_policies(snapshot: Snapshot, policies: PolicySet) -> bool:
    found = [v for manifest in snapshot.manifests for v in policies.review(manifest).violations]
    denied = [violation for violation in found if violation.enforcement == "deny"]
    objects = len(snapshot.manifests)
    word = f"deny {len(denied)} times" if denied else f"hold, in {objects} objects"
    typer.echo(f"\npolicies     {len(policies.policies)} {word}")
    for violation in found:
        typer.echo(f"  {violation.manifest.path}: {violation.message} ({violation.policy})")
    return bool(denied)


def _write(rendered: RenderedService, folder: Path) -> None:
    trees = {"service": rendered.service, "gitops": rendered.gitops}
    for root in (folder / name for name in trees):
        if root.exists() and any(root.iterdir()):
            raise Conflict(f"{root} is not empty, so nothing was written. Name another folder.")
    for name, tree in trees.items():
        root = folder / name
        for path, file in tree.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
            target.chmod(0o755 if file.executable else 0o644)
