"""What happened to services after they were made: each story is one edit, and its docstring is how it came about."""
