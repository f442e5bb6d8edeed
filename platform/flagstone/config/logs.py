"""Nothing secret reaches a log."""

from __future__ import annotations

import logging

from flagstone.core.redaction import redact


class Redact(logging.Filter):
    """Masks credentials in the finished message and in the text of a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True
