# SPDX-License-Identifier: Apache-2.0
"""The few Linux calls that Python has no name for, by ctypes: namespaces(7), mount(2), prctl(2), timerfd_create(2).

Each raises OSError with the kernel's errno. Nothing here decides anything.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Final

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWCGROUP: Final = 0x02000000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000

PR_SET_PDEATHSIG: Final = 1
PR_GET_DUMPABLE: Final = 3
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_CAPBSET_READ: Final = 23
PR_CAPBSET_DROP: Final = 24
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
SECCOMP_MODE_FILTER: Final = 2

CLOCK_BOOTTIME: Final = 7
TFD_CLOEXEC: Final = 0o2000000
TFD_NONBLOCK: Final = 0o4000
TFD_TIMER_ABSTIME: Final = 1

_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, a: int = 0, b: int = 0) -> int:
    arguments = (ctypes.c_ulong(value) for value in (a, b, 0, 0))
    return _checked(_libc.prctl(ctypes.c_int(option), *arguments), "prctl")


def unshare(flags: int) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    _checked(
        _libc.mount(source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode()),
        f"mount {target}",
    )


def syscall(number: int, *arguments: object) -> int:
    """A raw call. Arguments: int, bytes, None or a ctypes value; an int is passed as 64 bits wide."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *wide), f"syscall {number}")


def more_files(wanted: int) -> int:
    """Raise the number of files that this process may have open to `wanted`, or as near as its hard limit lets it; how
    many that is."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def undumpable() -> None:
    """No other process of this user may read our memory, attach to us or make us dump core (ptrace(2), core(5))."""
    prctl(PR_SET_DUMPABLE, 0)


def drop_capabilities() -> None:
    """Take every capability out of the bounding and the ambient set: no program that we start can have one again."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for number in range(64):
        try:
            if prctl(PR_CAPBSET_READ, number):
                prctl(PR_CAPBSET_DROP, number)
        except OSError:  # past the last that this kernel knows, or none is ours to drop
            return


def boot_timer() -> int:
    """A descriptor that becomes readable when CLOCK_BOOTTIME passes what `arm` set: sleep of the machine counts."""
    return _checked(_libc.timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")


def arm(timer: int, at_ms: int) -> None:
    """at_ms: CLOCK_BOOTTIME, ms; what has passed already fires at once."""
    value = max(1, at_ms)
    data = struct.pack("@qqqq", 0, 0, value // 1000, value % 1000 * 1_000_000)
    _checked(_libc.timerfd_settime(timer, TFD_TIMER_ABSTIME, data, None), "timerfd_settime")


def loopback_up() -> None:
    """Bring `lo` of this network namespace up."""
    import fcntl
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        known = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", known)[1]
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
