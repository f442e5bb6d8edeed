"""`flagstone policy`: develop and try policies where there is no cluster."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flagstone.cli.crds import crds_folder
from flagstone.cli.formats import judged_objects, policy_list, suite_results
from flagstone.cli.formats.style import Style
from flagstone.cli.terminal import wants_colour, width_of
from flagstone.core.content import content_dir
from flagstone.core.errors import NotFound, UserError
from flagstone.policies.engines.asking import Engine
from flagstone.policies.engines.confined import confined
from flagstone.policies.engines.opa import Opa
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.judging import Judgement, judge_all
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_folder
from flagstone.policies.schemas.schemas import Schemas
from flagstone.policies.suites.choosing import chosen
from flagstone.policies.suites.running import run_suite
from flagstone.policies.suites.suites import find_suites

policy_app = typer.Typer(
    name="policy",
    no_args_is_help=True,
    help="Develop and try policies where there is no cluster.",
)


class SuiteFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class JudgedFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


class ListFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


_Opa = Annotated[
    str,
    typer.Option(
        "--opa",
        envvar="OPA_URL",
        help="An OPA server that evaluates the Rego, such as http://127.0.0.1:8181; its token in OPA_TOKEN.",
    ),
]
_Policies = Annotated[
    Path | None,
    typer.Option(help="A folder of policies, instead of Flagstone's own."),
]


@policy_app.command("verify", short_help="Run gator's Suite files.")
def verify(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Suite files, folders that hold some, or FOLDER/... for all folders below."
        ),
    ],
    run: Annotated[
        str,
        typer.Option(help="Run only tests and cases whose name this matches: CASE, or TEST//CASE."),
    ] = "",
    report_format: Annotated[
        SuiteFormat, typer.Option("--format", "-f", help="How to write the results.")
    ] = SuiteFormat.TEXT,
    opa: _Opa = "",
) -> None:
    """Run gator's Suite files: does each policy say of each object what it should?

    Exit status: 0 every case holds, 1 one does not, 2 wrong usage or nothing to run.
    """
    choice = chosen(run)
    suites = [suite for path in paths for suite in find_suites(path)]
    engine = _engine(opa)
    results = [run_suite(suite, engine, choice) for suite in suites]
    if run and not any(result.ran for result in results):
        raise UserError(f"no test and no case has a name that --run {run} matches, so none was run")
    renderers = {
        SuiteFormat.TEXT: lambda: suite_results.as_text(results, _style()),
        SuiteFormat.JSON: lambda: suite_results.as_json(results),
        SuiteFormat.JUNIT: lambda: suite_results.as_junit(results),
    }
    sys.stdout.write(renderers[report_format]())
    if not all(result.holds for result in results):
        raise typer.Exit(1)


@policy_app.command("test", short_help="Put manifests to policies.")
def try_manifests(
    files: Annotated[list[Path], typer.Argument(help="Manifests, or folders of them.")],
    policies: _Policies = None,
    crds: Annotated[
        Path | None,
        typer.Option(
            help="A folder of CustomResourceDefinitions: what the rules of admission policies call a "
            "custom kind. Those of FILES, and of the policies, are always used."
        ),
    ] = None,
    report_format: Annotated[
        JudgedFormat, typer.Option("--format", "-f", help="How to write the findings.")
    ] = JudgedFormat.TEXT,
    opa: _Opa = "",
) -> None:
    """Put manifests to policies: what would the cluster refuse, or warn of?

    Kustomizations and charts in a folder are rendered, and their objects tested; one that cannot be
    rendered, and a file that cannot be read, is named with the reason and counts as not evaluated. All
    objects given are each other's surroundings (data.inventory, namespaces, definitions of custom resources).
    Exit status: 0 nothing is refused, 1 something is or could not be evaluated, 2 wrong usage.
    """
    rules, _ = _loaded(policies, opa)
    judgement = _judged(files, rules, crds_folder(crds))
    renderers = {
        JudgedFormat.TEXT: lambda: judged_objects.as_text(judgement, _style()),
        JudgedFormat.JSON: lambda: judged_objects.as_json(judgement),
        JudgedFormat.JUNIT: lambda: judged_objects.as_junit(judgement),
        JudgedFormat.SARIF: lambda: judged_objects.as_sarif(judgement),
    }
    sys.stdout.write(renderers[report_format]())
    if not judgement.holds:
        raise typer.Exit(1)


@policy_app.command("list", short_help="List policies and what each matches.")
def list_policies(
    policies: _Policies = None,
    report_format: Annotated[
        ListFormat, typer.Option("--format", "-f", help="How to write the list.")
    ] = ListFormat.TEXT,
    opa: _Opa = "",
) -> None:
    """List policies: what they match, how they are enforced, and whether they can be evaluated."""
    rules, folder = _loaded(policies, opa)
    if report_format is ListFormat.JSON:
        sys.stdout.write(policy_list.as_json(rules))
    else:
        sys.stdout.write(policy_list.as_text(rules, folder, _style()))


def _engine(opa: str) -> Engine:
    """What evaluates policies of others: a child, or a server for what it can."""
    return Opa(opa, confined(), os.environ.get("OPA_TOKEN", "")) if opa else confined()


def _loaded(folder: Path | None, opa: str) -> tuple[PolicySet, Path]:
    engine = _engine(opa) if folder or opa else None
    place = folder or content_dir("scorecards") / "policies"
    rules = PolicySet.load(place, engine)
    if not (rules.policies or rules.refusing or rules.errors or rules.not_evaluated):
        raise NotFound(
            f"{place} holds no policy: it needs ConstraintTemplates with constraints, or "
            "ValidatingAdmissionPolicies with bindings"
        )
    return rules, place


def _judged(places: list[Path], rules: PolicySet, crds: Path | None) -> Judgement:
    snapshots = [(place, read_folder(place)) for place in places]
    manifests = [
        (place, manifest) for place, snapshot in snapshots for manifest in snapshot.manifests
    ]
    skipped = [(place, skipped) for place, snapshot in snapshots for skipped in snapshot.skipped]
    unrendered = [(place, each) for place, snapshot in snapshots for each in snapshot.unrendered]
    if not manifests and not skipped and not unrendered:
        raise NotFound(f"there is no manifest in {', '.join(map(str, places))}")
    objects = [manifest for _, manifest in manifests]
    view = ClusterView.of(objects, Schemas.for_objects(objects, crds).definitions)
    return judge_all(rules, manifests, skipped, unrendered, view, Inventory(objects))


def _style() -> Style:
    """As wide and as colourful as who reads it can see."""
    return Style(width_of(sys.stdout), wants_colour(sys.stdout))
