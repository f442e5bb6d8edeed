"""How a canary's analyses are read and their conditions evaluated."""
