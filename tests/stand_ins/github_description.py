"""GitHub's own descriptions of its API, fetched once from the npm registry and kept without their prose."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import requests

from tests.stand_ins.openapi import without_prose

VERSION = "23.0.2"
DESCRIPTIONS = ("api.github.com.json", "ghes-3.17.json")
# GraphQL is no part of it, and of where redirects lead it tells nothing
UNDESCRIBED = frozenset({"/graphql", "/repositories/{number}"})
_URL = f"https://registry.npmjs.org/@octokit/openapi/-/openapi-{VERSION}.tgz"
_SHA512 = "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="


class Unreachable(Exception):
    """The descriptions cannot be had now."""


def fetch_descriptions(folder: Path) -> list[Path]:
    """Return the files of the descriptions; they are fetched if they are not in the folder yet.

    Raises:
        Unreachable: They are not there, and the registry does not give them.
    """
    files = [folder / name for name in DESCRIPTIONS]
    if not all(file.is_file() for file in files):
        with tarfile.open(fileobj=io.BytesIO(_download())) as package:
            for file in files:
                member = package.extractfile(f"package/generated/{file.name}")
                assert member is not None
                _keep(file, without_prose(json.load(member)))
    return files


def _download() -> bytes:
    try:
        answer = requests.get(_URL, timeout=(5, 60))
        answer.raise_for_status()
    except requests.RequestException as error:
        raise Unreachable(f"GitHub's description is not at hand: {error}") from error
    digest = base64.b64encode(hashlib.sha512(answer.content).digest()).decode()
    assert digest == _SHA512, "the package is not the one that was looked at"
    return answer.content


def _keep(file: Path, description: object) -> None:
    """Write a file whole: other workers of the tests may read it at the same time."""
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(description), "utf-8")
    part.replace(file)
