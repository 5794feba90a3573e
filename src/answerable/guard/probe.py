# SPDX-License-Identifier: Apache-2.0
"""Tries what the kernel lets us do, each in a process of its own that ends at once.

Trying is the only honest test: capabilities, limits, security modules and containers each may refuse, and each says so
only when asked. `python -I -m answerable.guard.probe` prints one JSON object, name -> "" or why not.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Final

from answerable.guard import landlock, seccomp, syscalls

CAP_SYS_ADMIN: Final = 21
CAP_SETUID: Final = 7
CAP_SETGID: Final = 6


def capabilities(status: str) -> int:
    """Effective ones. status: text of /proc/self/status."""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def may(capability: int) -> bool:
    return bool(capabilities(Path("/proc/self/status").read_text()) >> capability & 1)


def tried(what: Callable[[], None]) -> str:
    """Run it in a child; "" if it went well, else what the kernel said."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            what()
            said = ""
        except OSError as error:
            said = error.strerror or str(error)
        os.write(writer, said.encode()[:500])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read().decode(errors="replace")
    os.waitpid(pid, 0)
    return said


def become_own_root() -> None:
    """A user namespace in which this user is itself and may do what the namespace allows."""
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _netns() -> None:
    _right()
    syscalls.unshare(syscalls.CLONE_NEWNET)
    syscalls.loopback_up()


def _pidns() -> None:
    _right()
    syscalls.unshare(syscalls.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if os.getpid() == 1 else 1)
    if os.waitpid(pid, 0)[1]:
        raise OSError(1, "the child is not the first of its namespace")


def _mountns() -> None:
    _right()
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        try:
            syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
            syscalls.mount("proc", "/proc", "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise OSError(status, f"a new /proc cannot be mounted: {os.strerror(status)}")


def _right() -> None:
    if not may(CAP_SYS_ADMIN):
        become_own_root()


def _no_new_privs() -> None:
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)


def _seccomp() -> None:
    _no_new_privs()
    seccomp.restrict()


def _landlock() -> None:
    _no_new_privs()
    landlock.restrict(landlock.Rules(read=("/",)))


def look() -> dict[str, str]:
    """name -> "" or why not; what has a version names the least that is needed."""
    known = landlock.abi()
    return {
        "userns": "" if may(CAP_SYS_ADMIN) else tried(become_own_root),
        "pidns": tried(_pidns),
        "mountns": tried(_mountns),
        "netns": tried(_netns),
        "landlock": tried(_landlock),
        "landlock-tcp": "" if known >= landlock.TCP_ABI else f"Landlock ABI {known}, 4 is needed",
        "landlock-scopes": "" if known >= landlock.SCOPES_ABI else f"Landlock ABI {known}, 6 is needed",
        "no-new-privs": tried(_no_new_privs),
        "seccomp": tried(_seccomp) if seccomp.supported() else f"no table of system calls for {platform.machine()}",
        "dumpable": tried(syscalls.undumpable),
        "own-uid": "" if may(CAP_SETUID) and may(CAP_SETGID) else "only root can give the program a user of its own",
    }


if __name__ == "__main__":
    print(json.dumps(look()))
