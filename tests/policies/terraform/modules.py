"""Terraform for tests: files to a module, and the value of one of its locals."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.terraform.module import Module
from flagstone.policies.terraform.reader import Reader
from flagstone.policies.terraform.uses import root_modules


def uses(files: dict[str, str], folder: str = "") -> list[Module]:
    """The module of a folder, once for each set of values."""
    snapshot = Snapshot({path: text.encode() for path, text in files.items()})
    return root_modules(Reader(snapshot), folder)[0]


def module(files: dict[str, str] | str, folder: str = "") -> Module:
    """The module of a folder that is applied with one set of values."""
    files = {"main.tf": files} if isinstance(files, str) else files
    (found,) = uses(files, folder)
    return found


def local(expression: str, more: str = "") -> Any:
    """What an expression comes to."""
    text = f"locals {{\n  x = {expression}\n}}\n{more}"
    found = module(text)
    assert found.troubles == ()
    return found.look_up("local", ("x",), found.instances(found.of_type("locals")[0])[0])
