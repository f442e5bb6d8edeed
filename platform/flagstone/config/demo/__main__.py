"""`python -m flagstone.config.demo`: fills an empty database and no other; says whether the demo is there."""

from __future__ import annotations

import os
import sys

import django

from flagstone.core.errors import FlagstoneError


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flagstone.config.settings")
    django.setup()
    from flagstone.config.demo.loading import is_loaded, load  # noqa: PLC0415 - Django has to be set up first

    try:
        load()
        sys.stdout.write("demo\n" if is_loaded() else "")
    except FlagstoneError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
