"""What the gate says of a pull request, put where people work: a commit status and one comment."""
