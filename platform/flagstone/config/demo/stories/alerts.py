"""Stories about alerts, metrics and runbooks."""

from __future__ import annotations

from flagstone.config.demo.service_folder import ServiceFolder

SLO = "slo.yaml"


def pages_when_healthy(folder: ServiceFolder) -> None:
    """One minus errors is success: it pages when one request in a thousand works, and sleeps in an outage."""
    series = _series(folder)
    folder.write(
        SLO,
        _rule(
            folder,
            f"""\
        - alert: {_title(folder)}FastBurn
          expr: |
            (
              1 - (
                sum(rate(http_requests_total{{{series},code!~"2.."}}[5m]))
                /
                sum(rate(http_requests_total{{{series}}}[5m]))
              )
            ) > 0.001
          for: 2m
          labels:
            severity: critical
          annotations:
            summary: {folder.name} is burning its error budget
""",
        ),
    )
    folder.remove("tests/slo_test.yaml")


def one_window_only(folder: ServiceFolder) -> None:
    """The alert from before the paved path was put back, "until we trust the new ones"."""
    series = _series(folder)
    page = folder.find(SLO, r"runbook_url: ([^#\s]+)#")
    folder.write(
        SLO,
        _rule(
            folder,
            f"""\
        - alert: {_title(folder)}Errors
          expr: |
            sum(rate(http_requests_total{{{series},code=~"5.."}}[5m]))
            / sum(rate(http_requests_total{{{series}}}[5m])) > 0.01
          for: 5m
          labels:
            severity: page
          annotations:
            summary: More than 1% of requests to {folder.name} fail
            runbook_url: {page}#error-budget-burn
""",
        ),
    )
    folder.remove("tests/slo_test.yaml")


def severity_that_nobody_routes(folder: ServiceFolder) -> None:
    """`critical` is a word of the old alert manager; the new one sends it nowhere."""
    folder.replace(SLO, "severity: page", "severity: critical", times=3)
    folder.remove("tests/slo_test.yaml")


def rules_do_not_parse(folder: ServiceFolder) -> None:
    """Edited in the browser at night; a bracket short, and Prometheus loads none of the rules."""
    series = _series(folder)
    folder.replace(SLO, f"{{{series}}}[3d])) > 0)", f"{{{series}}}[3d]) > 0)")


def monitor_looks_for_pods(folder: ServiceFolder) -> None:
    """The monitor selects the labels of the pods; the Service has others, so nothing is scraped."""
    folder.replace(
        "monitoring.yaml",
        f"    matchLabels:\n      app.kubernetes.io/name: {folder.name}\n",
        f"    matchLabels:\n      app.kubernetes.io/instance: {folder.name}\n",
    )


def runbook_never_written(folder: ServiceFolder) -> None:
    """Deleted as "generated text", to be replaced by a real one."""
    folder.remove("runbook.md")


def runbook_says_undo(folder: ServiceFolder) -> None:
    """The rollback part is from the time before self-heal: it puts the bad version back in five seconds."""
    text = folder.read("runbook.md")
    start, end = text.index("## Roll back in two clicks"), text.index("## Error budget burn")
    folder.write(
        "runbook.md",
        f"{text[:start]}## Roll back\n\nRun `kubectl argo rollouts undo {folder.name}` and wait.\n\n{text[end:]}",
    )


def drill_long_ago(folder: ServiceFolder) -> None:
    """The last drill was before the reorganisation."""
    year = int(folder.find("runbook.md", r"^last_drilled: (\d{4})"))
    folder.replace("runbook.md", f"last_drilled: {year}", f"last_drilled: {year - 2}")


def anchors_moved(folder: ServiceFolder) -> None:
    """The headings were tidied up; the links in the alerts lead to the top of the page."""
    folder.replace("runbook.md", "## Error budget burn\n", "## When the budget burns\n")


def front_matter_lost(folder: ServiceFolder) -> None:
    """Pasted into a wiki and back: the table of facts at the top is gone."""
    folder.write("runbook.md", folder.read("runbook.md").split("---\n", 2)[2])


def _rule(folder: ServiceFolder, alerts: str) -> str:
    head = folder.read(SLO).partition("spec:\n")[0]
    start = head.index("apiVersion:")
    return f"{head[start:]}spec:\n  groups:\n    - name: {folder.name}-slo\n      rules:\n{alerts}"


def _title(folder: ServiceFolder) -> str:
    return folder.name.title().replace("-", "")


def _series(folder: ServiceFolder) -> str:
    return folder.find(SLO, r'(namespace="[^"]*",service="[^"]*")')
