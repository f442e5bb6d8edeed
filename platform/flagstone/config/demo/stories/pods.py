"""Stories about probes, resources, images and rights."""

from __future__ import annotations

from flagstone.config.demo.service_folder import ServiceFolder

ROLLOUT = "rollout.yaml"


def readiness_dropped(folder: ServiceFolder) -> None:
    """Cold starts failed the probe during an incident at night; it was to come back on Monday."""
    folder.cut(ROLLOUT, "readinessProbe:")


def liveness_asks_the_database(folder: ServiceFolder) -> None:
    """Somebody wanted "one health endpoint": now a slow database restarts every pod."""
    folder.replace(
        ROLLOUT,
        """\
              path: /health/live
              port: http
            periodSeconds: 10
""",
        """\
              path: /health/ready
              port: http
            periodSeconds: 5
""",
    )


def probe_port_renamed(folder: ServiceFolder) -> None:
    """The port became `web` in one file; the probes still knock at `http`."""
    folder.replace(ROLLOUT, "- name: http\n", "- name: web\n")
    folder.replace("service.yaml", "targetPort: http\n", "targetPort: web\n")


def memory_limit_dropped(folder: ServiceFolder) -> None:
    """The pods were killed for memory, so the limit went instead of the leak."""
    folder.replace(
        ROLLOUT,
        "              # Equal to the request: memory is never overcommitted.\n              memory: 256Mi\n",
        "",
    )


def limit_below_request(folder: ServiceFolder) -> None:
    """A cost round lowered every limit with one regular expression, and none of the requests."""
    folder.replace(ROLLOUT, '              cpu: "1"\n', "              cpu: 200m\n")


def latest_tag(folder: ServiceFolder) -> None:
    """A hotfix was pushed by hand as `latest`, and the file was never put right."""
    folder.substitute(ROLLOUT, r"^( +image: [^@]+)@.*", r"\1:latest")


def runs_as_root(folder: ServiceFolder) -> None:
    """A profiler wanted to write into the root file system; the trial of a week is two years old."""
    folder.replace(
        ROLLOUT, "        runAsNonRoot: true\n        runAsUser: 10001\n", "        runAsUser: 0\n"
    )
    folder.replace(ROLLOUT, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false")


def slow_start_forgotten(folder: ServiceFolder) -> None:
    """The liveness probe was made quicker and the startup probe lost; the model takes half a minute to load."""
    folder.cut(ROLLOUT, "startupProbe:")
    folder.replace(ROLLOUT, "periodSeconds: 10\n", "periodSeconds: 5\n")


def disruption_budget_blocks_drains(folder: ServiceFolder) -> None:
    """It sounded safe to allow no disruption at all. Since then every node upgrade waits for a person."""
    folder.replace("autoscaling.yaml", "maxUnavailable: 1", "maxUnavailable: 0")


def disruption_budget_lost(folder: ServiceFolder) -> None:
    """The budget stood in the way of a node upgrade and was deleted for the afternoon."""
    text = folder.read("autoscaling.yaml")
    folder.write("autoscaling.yaml", text.partition("---\n")[0])


def autoscaler_missed_the_move(folder: ServiceFolder) -> None:
    """The workload became a Rollout, the autoscaler still looks for the Deployment."""
    folder.replace(
        "autoscaling.yaml",
        "apiVersion: argoproj.io/v1alpha1\n    kind: Rollout",
        "apiVersion: apps/v1\n    kind: Deployment",
    )


def one_pod_is_enough(folder: ServiceFolder) -> None:
    """The quiet months: one pod at night saves money, until its node goes."""
    folder.substitute("autoscaling.yaml", r"^  minReplicas: .*", "  minReplicas: 1")
