"""Argo CD's Applications, what generates them, and what they ignore and tell."""
