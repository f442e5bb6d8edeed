"""The system calls that code in a jail is refused, as the program that the kernel asks about each call.

Refused is what would open a wall (namespaces and mounts of one's own), and what takes memory that no process holds
and so no limit counts: shared memory of System V, files without a name, rings of the kernel.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable

_CALLS = {
    # name: number on x86_64, number on aarch64
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "io_uring_setup": (425, 425),
}
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
# user, mount, process, network, IPC, host name and cgroup namespaces, as clone takes them
_NEW_NAMESPACE = 0x7E020000
# where x86_64 has every call a second time
_SECOND_NUMBERS = 0x40000000

_LOAD, _IS, _IS_AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOWED, _REFUSED, _KILLED = 0x7FFF0000, 0x00050000, 0x80000000


def call_filter(machine: str) -> bytes | None:
    """Return the program for a machine as `platform.machine` names it, in the kernel's form; None if it is unknown."""
    if machine not in _MACHINES:
        return None
    column, architecture = _MACHINES[machine]
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IS, 1, 0, architecture),
        (_RETURN, 0, 0, _KILLED),
        (_LOAD, 0, 0, _NUMBER),
        (_IS_AT_LEAST, 0, 1, _SECOND_NUMBERS),
        _refusal(errno.ENOSYS),
    ]
    for numbers in _CALLS.values():
        program += [(_IS, 0, 1, numbers[column]), _refusal(errno.EPERM)]
    program += [
        # its flags lie in memory, where no filter looks; who is told that it is unknown takes clone
        (_IS, 0, 1, _CLONE3[column]),
        _refusal(errno.ENOSYS),
        (_IS, 0, 3, _CLONE[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_HAS_BITS, 0, 1, _NEW_NAMESPACE),
        _refusal(errno.EPERM),
        (_RETURN, 0, 0, _ALLOWED),
    ]
    return _packed(program)


def _refusal(number: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, _REFUSED | number)


def _packed(program: Iterable[tuple[int, int, int, int]]) -> bytes:
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
