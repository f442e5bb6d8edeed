"""Typed readers of environment variables; a wrong value stops the start and says which one it was."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def boolean(name: str, *, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def integer(name: str, default: int) -> int:
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def path(name: str, default: Path) -> Path:
    return Path(os.environ.get(name) or default).expanduser().resolve()


def folder(name: str, default: Path) -> Path:
    found = path(name, default)
    if os.environ.get(name) and not found.is_dir():
        raise ImproperlyConfigured(f"{name} names {found}, which is not a folder.")
    return found


def log_level(name: str, default: str) -> str:
    value = os.environ.get(name, default).upper()
    if value not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(
            f"{name} must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {value!r}."
        )
    return value


def secret(name: str, default: str = "") -> str:
    """Read a secret from NAME, or from the file that NAME_FILE names."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ImproperlyConfigured(
                f"{name}_FILE names {file}, which cannot be read: {reason}."
            ) from error
        if not value:
            raise ImproperlyConfigured(f"{name}_FILE names {file}, which is empty.")
        return value
    return os.environ.get(name, default)
