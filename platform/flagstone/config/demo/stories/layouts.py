"""Stories about services whose squads keep their manifests in another form."""

from __future__ import annotations

from flagstone.config.demo.service_folder import APPLICATION, ServiceFolder

_MANIFESTS = (
    "analysis",
    "autoscaling",
    "istio",
    "monitoring",
    "networkpolicy",
    "rollout",
    "service",
    "slo",
)


def moved_to_kustomize(folder: ServiceFolder) -> None:
    """A second region was planned: base and overlay, so that only one place differs."""
    for name in _MANIFESTS:
        folder.move(f"{name}.yaml", f"base/{name}.yaml")
    folder.move("tests/slo_test.yaml", "base/tests/slo_test.yaml")
    resources = "".join(f"  - {name}.yaml\n" for name in _MANIFESTS)
    folder.write(
        "base/kustomization.yaml",
        f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{resources}",
    )
    image, _, digest = folder.find("base/rollout.yaml", r"^ +image: (\S+)").partition("@")
    folder.write(
        "overlays/prod/kustomization.yaml",
        f"""\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../../base
images:
  - name: {image}
    digest: {digest}
""",
    )
    folder.replace(
        APPLICATION,
        f"path: services/{folder.name}\n",
        f"path: services/{folder.name}/overlays/prod\n",
    )
    folder.cut(APPLICATION, "directory:")


def patch_replaced_the_container(folder: ServiceFolder) -> None:
    """One variable more, by a patch. Kustomize does not know a Rollout's lists: the patch is the list now."""
    overlay = "overlays/prod/kustomization.yaml"
    folder.write(overlay, folder.read(overlay) + "patches:\n  - path: environment.yaml\n")
    folder.write(
        "overlays/prod/environment.yaml",
        f"""\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {folder.name}
  namespace: {folder.find("base/rollout.yaml", r"^  namespace: (.*)")}
spec:
  template:
    spec:
      containers:
        - name: app
          image: {folder.find("base/rollout.yaml", r"^ +image: (.*)")}
          env:
            - name: FEE_TABLE_VERSION
              value: "12"
""",
    )
