"""Ways to write a score report down: for people, for other tools, for a pull request."""
