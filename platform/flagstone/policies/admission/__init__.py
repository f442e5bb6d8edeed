"""Kubernetes' own policies: ValidatingAdmissionPolicy and its bindings."""
