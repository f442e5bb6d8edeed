"""`python -m flagstone.config.runtime up|reset`: what the Makefile calls."""

from __future__ import annotations

import sys

from django.core.exceptions import ImproperlyConfigured

from flagstone.config import env
from flagstone.config.runtime.children import StartError
from flagstone.config.runtime.up import Address, reset, up
from flagstone.core.content import CHECKOUT

USAGE = "usage: python -m flagstone.config.runtime up|reset"


def main(words: list[str]) -> int:
    home = env.path("FLAGSTONE_HOME", CHECKOUT / ".flagstone")
    try:
        match words:
            case ["up"]:
                return up(home, _address())
            case ["reset"]:
                return reset(home)
            case _:
                print(USAGE, file=sys.stderr)  # noqa: T201 - a command line speaks
                return 2
    except (StartError, ImproperlyConfigured) as error:
        print(f"\nFlagstone did not start: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _address() -> Address:
    return Address(
        host=env.text("FLAGSTONE_HOST", "127.0.0.1"), port=env.integer("FLAGSTONE_PORT", 8000)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
