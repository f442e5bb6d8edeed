"""Flagstone: scaffolds with the paved path baked in, GitOps pull requests, scorecards."""

__version__ = "0.1.0"
