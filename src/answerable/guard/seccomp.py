# SPDX-License-Identifier: Apache-2.0
"""A seccomp(2) filter for the program: no new namespaces or mounts, no look into other processes, no way to what runs
the kernel, and no sockets but IPv4, IPv6 and netlink (Unix sockets on request).

A filter cannot see what a pointer points to: so `clone3` is said not to exist (libraries then use `clone`, whose flags
are visible), and io_uring, which would do calls behind the filter, is refused. Pairs of connected sockets stay allowed;
one of datagrams is not, since each of its ends can be connected anew, to any socket file.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Iterable
from typing import Final

from answerable.guard import syscalls

# linux/audit.h
_ARCHES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32: Final = 0x40000000  # the other calling convention of x86_64, with numbers of its own
_SOCKET: Final = {"x86_64": 41, "aarch64": 198}
_SOCKETPAIR: Final = {"x86_64": 53, "aarch64": 199}
_CLONE: Final = {"x86_64": 56, "aarch64": 220}
_CLONE3: Final = 435
_NAMESPACES: Final = 0x7E020080  # every CLONE_NEW... flag, CLONE_NEWTIME included
FAMILIES: Final = (2, 10, 16)  # AF_INET, AF_INET6, AF_NETLINK: of the program's own network namespace alone
UNIX: Final = 1
_STREAM, _SEQPACKET, _KIND = 1, 5, 0xF  # types of sockets that stay with their first peer; the bits that say the type

# From 424 on a call has one number everywhere.
_EVERYWHERE: Final = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443,
}  # fmt: skip
_REFUSED: Final = {
    "x86_64": {
        "ptrace": 101, "syslog": 103, "personality": 135, "vhangup": 153, "pivot_root": 155, "adjtimex": 159,
        "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
        "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175,
        "delete_module": 176, "quotactl": 179, "clock_settime": 227, "kexec_load": 246, "add_key": 248,
        "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298, "open_by_handle_at": 304,
        "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
        "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "vhangup": 58, "quotactl": 60, "acct": 89,
        "personality": 92, "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106,
        "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142, "sethostname": 161, "setdomainname": 162,
        "settimeofday": 170, "adjtimex": 171, "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224,
        "swapoff": 225, "perf_event_open": 241, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280,
        "userfaultfd": 282, "kexec_file_load": 294,
    },
}  # fmt: skip

_LOAD, _EQUAL, _SET, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06  # BPF: ld abs 32, jeq, jset, and, ret
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERROR: Final = 0x00050000
_NR, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24  # in struct seccomp_data; of an argument the lower half (little-endian)

Step = tuple[int, int, int, int]


def supported() -> bool:
    """Whether there is a table for this machine's architecture."""
    return platform.machine() in _ARCHES


def refused(machine: str) -> dict[str, int]:
    """Names and numbers of the calls that are refused outright on such a machine."""
    return {**_REFUSED[machine], **_EVERYWHERE}


def program(machine: str, families: Iterable[int]) -> list[Step]:
    """The filter as BPF steps (code, jump if true, jump if false, value)."""
    no = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    yes = (_RETURN, 0, 0, _ALLOW)
    steps: list[Step] = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, _ARCHES[machine]), (_RETURN, 0, 0, _KILL)]
    steps.append((_LOAD, 0, 0, _NR))
    if machine == "x86_64":
        steps += [(_SET, 0, 1, _X32), no]
    steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    for number in refused(machine).values():
        steps += [(_EQUAL, 0, 1, number), no]
    steps += [(_EQUAL, 0, 4, _CLONE[machine]), (_LOAD, 0, 0, _ARG0), (_SET, 0, 1, _NAMESPACES), no, yes]
    known = sorted(set(families))
    if UNIX not in known:
        steps += [(_EQUAL, 0, 6, _SOCKETPAIR[machine]), (_LOAD, 0, 0, _ARG1), (_AND, 0, 0, _KIND)]
        steps += [(_EQUAL, 1, 0, _STREAM), (_EQUAL, 0, 1, _SEQPACKET), yes, no]
    steps += [(_EQUAL, 0, 2 + 2 * len(known), _SOCKET[machine]), (_LOAD, 0, 0, _ARG0)]
    for family in known:
        steps += [(_EQUAL, 0, 1, family), yes]
    steps += [(_RETURN, 0, 0, _ERROR | errno.EAFNOSUPPORT), yes]
    return steps


def restrict(families: Iterable[int] = FAMILIES) -> None:
    """From now on this process and all that it starts live by the filter. It must have no_new_privs set. Raises
    OSError, also where there is no table for the architecture."""
    if not supported():
        raise OSError(errno.EOPNOTSUPP, f"no table of system calls for {platform.machine()}")
    steps = program(platform.machine(), families)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    syscalls.prctl(syscalls.PR_SET_SECCOMP, syscalls.SECCOMP_MODE_FILTER, ctypes.addressof(head))
