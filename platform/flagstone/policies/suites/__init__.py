"""Gator's suites: what a policy is expected to say, and whether it does."""
