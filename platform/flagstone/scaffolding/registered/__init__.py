"""Cookiecutter repositories of others as scaffolds: registering, fetching and holding them."""
