"""GitLab, spoken to over its REST API."""
