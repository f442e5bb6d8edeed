"""The text between the markers of a heredoc."""

from __future__ import annotations


def heredoc_body(written: str) -> str:
    """Return the lines between `<<EOF` and `EOF`; after `<<-` without the indent that all share."""
    head, _, rest = written.partition("\n")
    lines = rest.rstrip().replace("\r", "").split("\n")[:-1]
    if head.startswith("<<-"):
        indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        least = min(indents, default=0)
        lines = [line[least:] for line in lines]
    return "".join(f"{line}\n" for line in lines)
