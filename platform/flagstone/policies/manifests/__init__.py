"""The reading model: what a folder of Kubernetes manifests holds, and what could not be read."""
