# SPDX-License-Identifier: Apache-2.0
"""Landlock (landlock(7)): which files and TCP ports a process and all that it starts may use, by its own leave.

Nothing can be taken back: a domain only narrows. It also keeps those inside from tracing or signalling anyone outside
(signals and abstract sockets from ABI 6). What a kernel does not know is left out, and `abi` says how much it knows.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from answerable.guard import syscalls

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # one number on every architecture
_VERSION: Final = 1  # flag of create_ruleset: which ABI
_PATH, _PORT = 1, 2  # types of rules

FILES_ABI: Final = 1
TCP_ABI: Final = 4
SCOPES_ABI: Final = 6

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << n for n in range(6))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
READ: Final = EXECUTE | READ_FILE | READ_DIR
_OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
# Bits that each ABI knows; in version 1 all from `execute` to `make_sym`.
_FS: Final = {1: (1 << 13) - 1, 2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}
_MAKE_DEVICES: Final = 1 << 6 | 1 << 11  # character and block devices: nobody inside makes one
BIND_TCP, CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_UNIX, SCOPE_SIGNAL = 1, 2


@dataclass(frozen=True, slots=True)
class Rules:
    """read: paths that may be read and run; write: that may be changed too; connect, bind: TCP ports, None for any."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    connect: tuple[int, ...] | None = ()
    bind: tuple[int, ...] | None = ()


def abi() -> int:
    """Version of Landlock in this kernel, 0 for none."""
    try:
        return syscalls.syscall(_CREATE, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(rules: Rules) -> None:
    """From now on this process and all that it starts live by `rules`. It must have no_new_privs set. Paths that are
    not there are passed over. Raises OSError."""
    version = abi()
    if version < FILES_ABI:
        raise OSError(errno.EOPNOTSUPP, "no Landlock in this kernel")
    files = _known(version)
    ports = (0 if rules.bind is None else BIND_TCP) | (0 if rules.connect is None else CONNECT_TCP)
    attributes = [files]
    if version >= TCP_ABI:
        attributes.append(ports)
    if version >= SCOPES_ABI:
        attributes.append(SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL)
    data = struct.pack(f"@{len(attributes)}Q", *attributes)
    ruleset = syscalls.syscall(_CREATE, data, len(data), 0)
    try:
        for path in rules.read:
            _allow(ruleset, path, READ & files)
        for path in rules.write:
            _allow(ruleset, path, files & ~_MAKE_DEVICES)
        if version >= TCP_ABI:
            _ports(ruleset, rules.connect or (), CONNECT_TCP)
            _ports(ruleset, rules.bind or (), BIND_TCP)
        syscalls.syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _known(version: int) -> int:
    return sum(bits for since, bits in _FS.items() if version >= since)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            access &= _OF_FILES
        # struct landlock_path_beneath_attr is packed: 64 bits, then 32.
        syscalls.syscall(_ADD, ruleset, _PATH, ctypes.create_string_buffer(struct.pack("=Qi", access, fd)), 0)
    finally:
        os.close(fd)


def _ports(ruleset: int, ports: Iterable[int], access: int) -> None:
    for port in ports:
        syscalls.syscall(_ADD, ruleset, _PORT, ctypes.create_string_buffer(struct.pack("=QQ", access, port)), 0)
