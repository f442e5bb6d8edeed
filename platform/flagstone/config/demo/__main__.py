"""`python -m flagstone.config.demo`: fills an empty database; does nothing to any other."""

from __future__ import annotations

import os
import sys

import django

from flagstone.core.errors import FlagstoneError


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flagstone.config.settings")
    django.setup()
    from flagstone.config.demo.loading import load  # noqa: PLC0415 - Django has to be set up first

    try:
        load()
    except FlagstoneError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
