"""Policies of a repository put on trial: objects made for it, what the policy says, what it should say."""
