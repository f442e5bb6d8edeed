"""From template.yaml and a person's answers to two file trees, without Django.

Nothing is imported here: the child process that renders imports this package and must start fast.
"""
