"""The child that runs policies of others: it does what it is told over its standard input, or is ended.

A batch is a line with the number of its messages, then the messages; each is answered by one line.
`load ID` is followed by a line with the source, `know ID` by one with an inventory, `ask ID INVENTORY`
by one with the input. An answer starts with `=` and is JSON, or with `!` and is a fault.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable

from flagstone.policies.engines.runners import Runner, runner_of
from flagstone.policies.engines.sources import SourceFault, source_of

_MIB = 2**20


class _Child:
    def __init__(self, seconds: float, answer_bytes: int) -> None:
        self._seconds = seconds
        self._answer_bytes = answer_bytes
        self._runners: dict[str, Runner] = {}
        self._inventories: dict[str, str] = {}

    def handle(self, order: list[str], body: str) -> bytes:
        """Do one thing, with the kernel as the clock: processor time counts, not that of others."""
        signal.setitimer(signal.ITIMER_PROF, self._seconds)
        try:
            answer = self._do(order, body)
        except SourceFault as fault:
            return b"!" + json.dumps(fault.as_dict()).encode()
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        data = answer.encode(errors="replace")
        if len(data) > self._answer_bytes:
            large = SourceFault(f"its answer is larger than {self._answer_bytes // _MIB} MB")
            return b"!" + json.dumps(large.as_dict()).encode()
        return b"=" + data

    def _do(self, order: list[str], body: str) -> str:
        match order:
            case ["load", name]:
                self._runners[name] = runner_of(source_of(json.loads(body)))
            case ["know", name]:
                self._inventories[name] = body
            case ["ask", name, inventory]:
                runner = self._runners.get(name)
                if runner is None:
                    raise SourceFault("it did not compile again in a new process")
                if inventory != "-":
                    runner.know(self._inventories[inventory])
                return runner.run(body)
        return "[]"


def _bound_memory(megabytes: int) -> None:
    """Let it take so much more than it has; a thread or two more are in that."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - before pathlib is worth loading
        taken = int(statm.read().split()[0]) * resource.getpagesize()
    most = taken + megabytes * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(seconds: str, megabytes: str, answer_bytes: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _bound_memory(int(megabytes))
    child = _Child(float(seconds), int(answer_bytes))
    read: Callable[[], bytes] = sys.stdin.buffer.readline
    while head := read():
        messages = [(read(), read()) for _ in range(int(head))]
        for order, body in messages:
            answer = child.handle(order.decode().split(), body.decode(errors="surrogatepass"))
            sys.stdout.buffer.write(answer.replace(b"\n", b" ") + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
