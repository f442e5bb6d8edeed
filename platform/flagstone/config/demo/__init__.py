"""A made-up regulated fintech, so that a fresh Flagstone has something to show.

It comes as files: an organisation's catalogue, its GitOps repository, open pull requests. Nothing here writes a row
or a repository; whoever loads the demo sends the files through the same doors as everybody else's.
"""
