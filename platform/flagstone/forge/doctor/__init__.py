"""Tries at a real repository all that Flagstone does there, cleans up after itself, and says what is missing."""

from flagstone.forge.doctor.examination import Doctor
from flagstone.forge.doctor.findings import Finding, Outcome

__all__ = ["Doctor", "Finding", "Outcome"]
