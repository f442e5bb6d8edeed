"""GitHub, spoken to over its REST API."""
