"""Scorecards as computation: services found in manifests, checks, states, levels and scores."""
