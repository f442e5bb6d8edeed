"""Real git, driven safely: clean environment, own process group, limits, no work tree."""
