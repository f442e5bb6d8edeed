"""What is judged: services, and what of a repository belongs to which."""
