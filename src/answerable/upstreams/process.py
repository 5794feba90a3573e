# SPDX-License-Identifier: Apache-2.0
"""What Linux knows about a process: its identity in time (proc(5)), and that it dies with its parent (prctl(2))."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
PR_SET_NO_NEW_PRIVS: Final = 38


def identity(pid: int) -> str:
    """``pid:<pid>:<start time in clock ticks since boot>``: two processes never share it until the next boot. "" for a
    process that is not there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The name in field 2 may hold blanks and brackets; what follows its last bracket is field 3 onwards.
    return f"pid:{pid}:{stat.rpartition(')')[2].split()[19]}"


def is_running(process: str) -> bool:
    """Whether the process that `identity` described still is that process and not a zombie."""
    kind, _, rest = process.partition(":")
    pid = rest.partition(":")[0]
    if kind != "pid" or not pid.isdigit() or identity(int(pid)) != process:
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, and end now if it has ended already.

    Raises OSError if the kernel will not.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Whatever a child of this process started becomes a child of this process when the child ends, and not of init's:
    it can be found then. Raises OSError if the kernel will not."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def descendants(pid: int) -> set[int]:
    """The processes that `pid` started, those that they started, and so on."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent == pid or parent in found} - found:
        found |= more
    return found


def confine() -> None:
    """No core dumps (memory holds prompts), no privilege gained by running another program."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
