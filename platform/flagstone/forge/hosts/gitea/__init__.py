"""Gitea and Forgejo, spoken to over its REST API."""
