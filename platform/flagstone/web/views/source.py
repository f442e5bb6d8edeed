"""A file of a repository as it was at a commit, with the line that a finding names."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from flagstone.core.errors import NotFound
from flagstone.forge.models import Repository
from flagstone.forge.selectors import read_tree
from flagstone.policies.manifests.snapshot import decode
from flagstone.web.htmx import PageRequest

LARGEST_SHOWN = 1_000_000


@require_safe
def file(request: PageRequest, owner: str, repository: str, path: str) -> HttpResponse:
    name = f"{owner}/{repository}"
    found = Repository.objects.named(name).first()
    if found is None:
        raise NotFound(f"Flagstone knows no repository {name}.")
    if not set(path.split("/")).isdisjoint({"", ".", ".."}):
        raise NotFound(f"{path} is no path of a file. Write it from the root of the repository.")
    commit = request.GET.get("at", "")
    tree = read_tree(found, ref=commit or None, prefix=path)
    content = tree.files.get(path)
    if content is None:
        raise NotFound(f"{name} has no file {path} at {commit[:10] or 'its default branch'}.")
    line = request.GET.get("line", "")
    context = {
        "repository": found,
        "path": path,
        "commit": tree.commit,
        "size": len(content),
        "text": decode(content) if len(content) <= LARGEST_SHOWN else None,
        "hits": {int(line)} if line.isdecimal() else set(),
    }
    return render(request, "web/source/page.html", context)
