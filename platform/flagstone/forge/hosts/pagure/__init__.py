"""Pagure, spoken to over its REST API."""
