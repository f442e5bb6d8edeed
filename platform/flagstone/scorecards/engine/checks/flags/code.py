"""FF-01, FF-06: programs ask by OpenFeature, for flags that exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flagstone.scorecards.engine.flags.source_code import FlagCall, SourceCode
from flagstone.scorecards.engine.outcome import (
    Fault,
    Outcome,
    failed,
    no_data,
    not_applicable,
    passed,
    summary_of,
)
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity, State

_NO_CODE = "no program that asks for feature flags is in view"


@check(
    id="FF-01",
    name="Programs ask for flags by OpenFeature, with a default at each call",
    severity=Severity.M,
    rule="In the service's programs, without tests and code of others, no SDK of a vendor (LaunchDarkly, Unleash, "
    "Split, Flagsmith, ConfigCat) is used directly, and each call for a flag has a default. Where the "
    "OpenFeature SDK is used, a provider is registered somewhere, or the program speaks OFREP, OpenFeature's "
    "protocol.",
    why="A vendor's SDK in every file is a migration later; a call without a default has no answer "
    "when the flag service is down.",
    remedy="Use the OpenFeature SDK, register a provider once at the start (a vendor's is fine), and "
    "give each call the value that is safe when nobody answers.",
    not_applicable="No program that asks for feature flags is in view, as in a GitOps repository.",
    no_data=unrendered("No program that asks for flags is in view, and part of the service is"),
)
def neutral(service: ServiceView, params: NoParams) -> Outcome:
    code = service.source_code
    faults = list(_sdk_faults(code))
    if faults:
        return failed(*faults)
    if not code.open_feature:
        return not_applicable(_NO_CODE)
    if not code.providers and not code.speaks_protocol:
        message = "no provider is registered: every call gives its default"
        return failed(Fault(message, path=code.open_feature[0]))
    return passed("OpenFeature, a provider, and a default at each call")


def _sdk_faults(code: SourceCode) -> Iterator[Fault]:
    for path, line, vendor in code.vendors:
        message = f"the SDK of {vendor} is used directly: ask by OpenFeature, with its provider"
        yield Fault(message, path=path, line=line)
    for call in code.calls:
        if not call.has_default:
            name = call.key or "a flag"
            message = f"{name} is asked for without a default"
            yield Fault(message, path=call.path, line=call.line)


@check(
    id="FF-06",
    name="Every flag in the code is declared, and every declared flag is used",
    severity=Severity.H,
    rule="Each key that the service's programs ask for must be declared by some FeatureFlag or file of flags in "
    "view, whosoever it is. If all keys are, and none is put together at run time, a declared flag of the "
    "service that no call asks for is a warning of low severity.",
    why="A key with a typing error gives its default for ever, and nobody sees it; a flag that no code "
    "asks for is a switch without a wire.",
    remedy="Declare the flag in the service's FeatureFlag, or mend the key; take out flags that no code "
    "asks for any more.",
    not_applicable="No program that asks for feature flags is in view, as in a GitOps repository.",
    no_data="A key is put together at run time: write each one out. Or no declaration of flags is in view: score a "
    "folder that holds it too.",
)
def declared(service: ServiceView, params: NoParams) -> Outcome:
    code = service.source_code
    if not code.calls and not code.speaks_protocol:
        return not_applicable(_NO_CODE)
    known = service.surroundings.declared_flags.keys
    if not known:
        return no_data("no declaration of flags is in view")
    missing = [call for call in code.calls if call.key and call.key not in known]
    if missing:
        return failed(*map(_missing, missing))
    dynamic = [call for call in code.calls if not call.key]
    if dynamic or (code.speaks_protocol and not code.calls):
        where = dynamic[0].path if dynamic else code.speaks_protocol[0]
        line = dynamic[0].line if dynamic else None
        fault = Fault("a key is put together at run time", path=where, line=line)
        return no_data(f"{fault.message} in {where}", (fault,))
    asked = {call.key for call in code.calls}
    unused = [flag for one in service.flag_sets for flag in one.flags if flag.key not in asked]
    if unused:
        close = [replace(flag.fault("no code asks for it"), severity=Severity.L) for flag in unused]
        return Outcome(State.WARN, summary_of(close), tuple(close))
    return passed("every flag is declared and used")


def _missing(call: FlagCall) -> Fault:
    message = f"the flag {call.key} is declared nowhere: the call always gives its default"
    return Fault(message, path=call.path, line=call.line)
