"""What this worker is for. Replace the example with the real work."""

from __future__ import annotations

import logging
from collections.abc import Mapping

log = logging.getLogger(__name__)


def process(message: Mapping[str, str]) -> None:
    """Do the work of one message; any exception means: try it again later.

    A message may come twice, after a crash for one. Make the second time harmless: write by a key that the
    message brings.
    """
    log.info("greeted %s", message["who"])
