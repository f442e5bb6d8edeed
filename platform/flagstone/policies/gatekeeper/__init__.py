"""Gatekeeper's constraint templates and constraints, evaluated in process as the cluster would."""
