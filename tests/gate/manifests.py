"""Manifests for the gate."""

# no readinessProbe, which an enforced policy wants
BARE_ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: checkout, namespace: shop}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      containers:
        - {name: app, image: registry.example.com/checkout:1.0.0}
"""
