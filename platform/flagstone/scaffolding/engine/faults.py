"""Where in a template something went wrong: the file and line behind an exception of the rendering.

Imported by the child process only.
"""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass
from pathlib import PurePosixPath

from cookiecutter import exceptions as cookiecutter_errors
from cookiecutter import generate
from jinja2 import TemplateSyntaxError
from jinja2.exceptions import SecurityError, TemplateNotFound
from jinja2.exceptions import TemplateError as JinjaError

from flagstone.scaffolding.engine.context import ContextError
from flagstone.scaffolding.engine.guard import Refused, TooMuch
from flagstone.scaffolding.engine.sandbox import ForeignSetting

_NOT_TEXT = "is neither UTF-8 text nor recognised as binary"


@dataclass(frozen=True, slots=True)
class Fault:
    """What the parent is told: `kind` is template, unsafe or limit."""

    kind: str
    reason: str
    file: str = ""
    line: int | None = None


class PathRefused(Exception):
    """A file or folder name of the template came out as a path that must not be written."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(reason)
        self.file = file


class NotText(Exception):
    """A file is neither text in UTF-8 nor binary."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file


def fault_of(failure: BaseException, top: str) -> Fault:
    """Explain a failure of the rendering.

    Args:
        failure: What was raised.
        top: Name of the template's unrendered folder, below which its files lie.
    """
    match failure:
        case ContextError() | ForeignSetting():
            return Fault("template", str(failure), "cookiecutter.json")
        case PathRefused():
            return Fault("unsafe", str(failure), failure.file)
        case NotText():
            return Fault("template", _NOT_TEXT, failure.file)
    root = _innermost(failure)
    file, line = _place_of(root, top)
    if not file and root is not failure:
        file, line = _place_of(failure, top)
    kind, reason = _reason_of(root)
    return Fault(kind, reason, file, line)


def _innermost(failure: BaseException) -> BaseException:
    """Step from cookiecutter's wrapper to the exception that it was raised from."""
    while (
        isinstance(failure, cookiecutter_errors.CookiecutterException)
        and failure.__cause__ is not None
    ):
        failure = failure.__cause__
    return failure


def _reason_of(failure: BaseException) -> tuple[str, str]:
    match failure:
        case Refused() | SecurityError():
            return "unsafe", str(failure)
        case TooMuch():
            return "limit", str(failure)
        case MemoryError():
            return "limit", "needs more memory than a run may have"
        case OSError(errno=errno.EFBIG):
            return "limit", "writes a file larger than a run may write"
        case _:
            return "template", _template_reason(failure)


def _template_reason(failure: BaseException) -> str:
    match failure:
        case TemplateNotFound():
            return f"includes '{failure.name}', which is not there"
        case JinjaError():
            return failure.message or str(failure)
        case UnicodeDecodeError():
            return _NOT_TEXT
        case FileNotFoundError():
            return "has a name that lies in a folder which is not there"
        case cookiecutter_errors.NonTemplatedInputDirException():
            return "has no folder named after a variable, such as {{cookiecutter.name}}"
        case cookiecutter_errors.OutputDirExistsException():
            return "gives two folders the same name, or a folder an empty one"
        case _:
            return str(failure) or type(failure).__name__


def _place_of(failure: BaseException, top: str) -> tuple[str, int | None]:
    """Read file and line off the frames: cookiecutter's know the file, Jinja's know the line."""
    file, line = "", None
    for frame, number in traceback.walk_tb(failure.__traceback__):
        if frame.f_code in _COOKIECUTTER_FRAMES:
            file = _current_file(frame.f_locals, top) or file
        elif (
            "__jinja_exception__" in frame.f_globals
        ):  # Jinja has put the template's own lines here
            file, line = _jinja_file(frame.f_code.co_filename, top) or file, number
        elif template := frame.f_globals.get("__jinja_template__"):
            file = _jinja_file(template.filename or "", top) or file
            line = template.get_corresponding_lineno(number)
    if isinstance(failure, TemplateSyntaxError):
        file, line = _jinja_file(failure.filename or "", top) or file, failure.lineno
    return file, line


_COOKIECUTTER_FRAMES = (
    generate.generate_files.__code__,
    generate.generate_file.__code__,
    generate.render_and_create_dir.__code__,
)


def _current_file(names: dict[str, object], top: str) -> str:
    if isinstance(folder := names.get("dirname"), str):
        # cookiecutter joins the rendered top folder, "." and the unrendered path below it
        return str(PurePosixPath(top, folder.partition("/./")[2]))
    if isinstance(name := names.get("infile"), str):
        return str(PurePosixPath(top, name))
    return ""


def _jinja_file(filename: str, top: str) -> str:
    if filename in ("", "<template>", "<unknown>"):
        return ""
    if filename.startswith("../"):
        return filename.removeprefix("../")
    return str(PurePosixPath(top, filename))
