"""How far Flagstone agrees with others, counted by running it: docs/reference/agreement.md is made of it."""
