"""SY: the code of a canary: there is some, and it is written for its runtime."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from datetime import date

from flagstone.policies.terraform.values import Unknown, why_unknown
from flagstone.scorecards.engine.canaries import Canary
from flagstone.scorecards.engine.checks.synthetics.judging import (
    NO_DATA,
    NOT_APPLICABLE,
    CanaryFindings,
    judge_canaries,
)
from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.synthetics.canary_code import Code, Missing, code_of
from flagstone.scorecards.engine.synthetics.canary_runtimes import Runtime, runtime
from flagstone.scorecards.engine.synthetics.canary_scripts import SCRIPT_SUFFIXES, loaded_libraries

_ROOTS = ("", "nodejs/node_modules/", "nodejs/", "python/")
_SUFFIXES = (".js", ".mjs", ".cjs", ".py")
_MOST_SCRIPTS = 200
_SOURCES = ("zip_file", "s3_bucket", "s3_key")


@check(
    id="SY-02",
    name="The canary has its code",
    severity=Severity.C,
    rule="Of `zip_file` on the one hand, `s3_bucket` with `s3_key` on the other, exactly one is given, and the "
    "bucket's name has no s3://. Where the archive is in view, or made from files that are, it exists and "
    "holds the file of the `handler`.",
    why="Without code AWS refuses the canary; with a handler that is not in the archive every run fails.",
    remedy="Give exactly one of `zip_file` or `s3_bucket` with `s3_key`; make the archive with "
    "`data.archive_file` from a folder in Git that holds the handler's file.",
    not_applicable=NOT_APPLICABLE,
    no_data=f"Code that a build makes or that lies in a bucket. {NO_DATA}",
)
def has_code(service: ServiceView, _params: NoParams) -> Outcome:
    def judge(canary: Canary, findings: CanaryFindings) -> None:
        if _judge_source(canary, findings):
            _judge_archive(canary, findings)

    return judge_canaries(service, judge, "the code is there")


def _judge_source(canary: Canary, findings: CanaryFindings) -> bool:
    """Whether there is an archive to look into."""
    zip_file, bucket, key = (canary.value(name) for name in _SOURCES)
    for name, value in zip(_SOURCES, (zip_file, bucket, key), strict=True):
        if isinstance(value, Unknown):  # a reference is given, whatever it comes to
            return findings.known(value, canary.block, name)
    if zip_file is not None and (bucket is not None or key is not None):
        findings.wrong(
            "it has both zip_file and s3_bucket: only one may be", canary.block, "zip_file"
        )
        return False
    if zip_file is not None:
        return True
    if bucket is None and key is None:
        message = "it has no code: neither zip_file nor s3_bucket and s3_key"
        findings.wrong(message, canary.block)
        return False
    if bucket is None or key is None:
        lacking = "s3_bucket" if bucket is None else "s3_key"
        findings.wrong(f"its code in S3 needs {lacking} too", canary.block)
        return False
    if isinstance(bucket, str) and bucket.startswith("s3://"):
        findings.wrong("s3_bucket is a name, without s3://", canary.block, "s3_bucket")
    return not isinstance(code_of(canary), Unknown)


def _judge_archive(canary: Canary, findings: CanaryFindings) -> None:
    code = code_of(canary)
    if isinstance(code, Missing):
        findings.wrong(f"{code.what} does not exist", canary.block, "zip_file", absent=True)
        return
    if isinstance(code, Unknown):
        findings.undecided(f"its code is not known: {code.reason}", canary.block, "zip_file")
        return
    handler = canary.value("handler")
    if not isinstance(handler, str):
        findings.undecided(
            f"handler is not known: {why_unknown(handler) or 'it is missing'}",
            canary.block,
            "handler",
        )
    elif "::" not in handler and not list(_handler_files(handler, code)):
        file = handler.rpartition(".")[0] or handler
        near = _alike(file, code)
        hint = f"; the archive has {near}" if near else ""
        message = f"the handler's file {file}.js is not in the archive{hint}"
        findings.wrong(message, canary.block, "handler", absent=not code.paths)


def _handler_files(handler: str, code: Code) -> Iterator[str]:
    file = handler.rpartition(".")[0]
    for root in _ROOTS:
        for suffix in _SUFFIXES:
            if (name := f"{root}{file}{suffix}") in code.files:
                yield name


def _alike(file: str, code: Code) -> str:
    """Where the archive has the file after all, or the scripts that it has instead."""
    base = posixpath.basename(file)
    names = [name for name in code.files if name.endswith(_SUFFIXES)]
    deeper = [name for name in names if posixpath.splitext(posixpath.basename(name))[0] == base]
    return ", ".join(sorted(deeper or names)[:3])


@check(
    id="SY-09",
    name="The canary's code fits its runtime",
    severity=Severity.M,
    rule="`handler` ends in .handler, or is file.function where the runtime takes any function. A script of the "
    f"code, that of the handler or one of the others (at most {_MOST_SCRIPTS} are read), loads the library that "
    "belongs to the runtime's version; an older name of it is a warning.",
    why="The library of a runtime has changed its name: code that loads one which the runtime does not "
    "have fails at its first line, in every run.",
    remedy="Call the handler `file.handler`, and load the library of the runtime: "
    "@aws/synthetics-puppeteer from syn-nodejs-puppeteer-13.1 on, @aws/synthetics-playwright from 5.1, "
    "@aws/synthetics-core from syn-nodejs-3.1.",
    not_applicable=NOT_APPLICABLE,
    no_data=f"Code that a build makes or that lies in a bucket. {NO_DATA}",
)
def code_fits(service: ServiceView, _params: NoParams) -> Outcome:
    today = service.surroundings.now.date()

    def judge(canary: Canary, findings: CanaryFindings) -> None:
        _judge_fit(canary, findings, today)

    return judge_canaries(service, judge, "the code fits the runtime")


def _judge_fit(canary: Canary, findings: CanaryFindings, today: date) -> None:
    name, handler = canary.value("runtime_version"), canary.value("handler")
    if handler is None:
        findings.wrong("it has no handler", canary.block)
        return
    known = [
        findings.known(value, canary.block, attribute)
        for value, attribute in ((name, "runtime_version"), (handler, "handler"))
    ]
    if not all(known):
        return
    used = runtime(str(name), today)
    if not used.family:
        message = f"the runtime {str(name)[:60]!r} is not known (SY-01)"
        findings.undecided(message, canary.block, "runtime_version")
        return
    _judge_handler(str(handler), used, canary, findings)
    if not used.libraries:
        return
    code = code_of(canary)
    if isinstance(code, Code):
        _judge_libraries(str(handler), code, used, canary, findings)
    else:
        reason = code.reason if isinstance(code, Unknown) else f"{code.what} does not exist"
        if canary.value("zip_file") is None and canary.value("s3_key") is None:
            reason = "there is none (SY-02)"
        findings.undecided(f"its code is not known: {reason}", canary.block, "handler")


def _judge_handler(handler: str, used: Runtime, canary: Canary, findings: CanaryFindings) -> None:
    file, _, function = handler.rpartition(".")
    if "::" in handler or handler.endswith(".handler"):
        return
    if not file or not function:
        findings.wrong(f"{handler[:60]!r} is not file.function", canary.block, "handler")
    elif not used.takes_any_function:
        findings.wrong(
            f"{used.name} wants a handler that ends in .handler, not {handler[:60]!r}",
            canary.block,
            "handler",
        )


def _judge_libraries(
    handler: str, code: Code, used: Runtime, canary: Canary, findings: CanaryFindings
) -> None:
    named = [(version, name) for version, name in used.libraries if version <= used.version]
    wanted = named[-1][1]
    entry = list(_handler_files(handler, code))
    scripts = [name for name in code.files if name.endswith(SCRIPT_SUFFIXES)]
    loaded: set[str] = set()
    for script in [*entry, *scripts][:_MOST_SCRIPTS]:
        text = code.files[script]()
        if text is None:
            findings.undecided(f"{script} of its code cannot be read", canary.block, "handler")
            return
        loaded |= loaded_libraries(text, script)
    if wanted in loaded:
        return
    where = code.paths.get(entry[0], entry[0]) if entry else "its code"
    old = [name for _, name in named if name in loaded]
    if old:
        message = f"{where} loads {old[-1]!r}, which is deprecated on {used.name}: load {wanted!r}"
        findings.doubtful(message, canary.block, "runtime_version")
        return
    other = sorted(name for name in loaded if "synthetics" in name.lower())
    instead = f" but {other[0]!r}" if other else ""
    message = f"{where} does not load {wanted!r}, the library of {used.name}{instead}"
    findings.wrong(message, canary.block, "runtime_version", absent=not other)
