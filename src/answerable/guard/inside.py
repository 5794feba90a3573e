# SPDX-License-Identifier: Apache-2.0
"""What stands between the guard and the program: the keeper, and the first process of the program's PID namespace.

The guard runs this module in a fresh interpreter (`python -I -m answerable.guard.inside`), so that nothing of its
memory comes along. The *keeper* makes the namespaces and the gate's listening socket, hands that out to the guard, and
is a dead-man: when the guard ends, closes, or does not lengthen the lease in time (CLOCK_BOOTTIME), it kills the first
process, and with a PID namespace's first process everything in it dies (pid_namespaces(7)). The *first process* starts
the program, reaps orphans and passes signals on. Both die if the one before them dies.
"""

from __future__ import annotations

import array
import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, Final, NoReturn

from answerable.guard import landlock, seccomp, syscalls

MESSAGE: Final = 1 << 12  # bytes of one message; what may be longer comes as a file
LISTEN: Final = 128
GATE: Final = ("127.0.0.1", 8080)
STATUS_START: Final = 126  # as shells say: found, and could not be run
# Over these a program could reach past the namespaces (cgroup files, shared memory of others), so they are covered.
COVERED: Final = ("/sys/fs/cgroup", "/dev/shm")  # noqa: S108  not a file of ours


def main() -> NoReturn:
    keeper_fd, first_fd, parent = (int(word) for word in sys.argv[1:4])
    for fd in (keeper_fd, first_fd):
        os.set_inheritable(fd, False)  # they came by inheritance, and go no further: not to the program
    keeper = socket.socket(fileno=keeper_fd)
    first = socket.socket(fileno=first_fd)
    want = json.loads(keeper.recv(MESSAGE))
    try:
        _make_namespaces(want)
        _die_with(parent)
        _open_gate(keeper, want)
        pid = os.fork()
    except OSError as error:
        step = error.step if isinstance(error, _Failed) else "fork"
        _tell(keeper, {"failed": step, "errno": error.errno or 0, "detail": str(error)})
        sys.exit(1)
    if pid == 0:
        keeper.close()
        _first(first, want)
    first.close()
    _keep(keeper, pid)


# The keeper


def _make_namespaces(want: dict[str, Any]) -> None:
    """Those that `want` names. An ordinary user gets the right to them from a user namespace of its own, in which it is
    still itself: a program that is run in it has no capability."""
    uid, gid = os.getuid(), os.getgid()
    if want["userns"]:
        with _Step("userns"):
            syscalls.unshare(syscalls.CLONE_NEWUSER)
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{uid} {uid} 1")
            _write("/proc/self/gid_map", f"{gid} {gid} 1")
    if want["netns"]:
        with _Step("netns"):
            syscalls.unshare(syscalls.CLONE_NEWNET)
            syscalls.loopback_up()
    if want["mountns"]:
        with _Step("mountns"):
            syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS)
            syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    if want["pidns"]:
        with _Step("pidns"):
            syscalls.unshare(syscalls.CLONE_NEWPID)


class _Failed(OSError):
    """An OSError, and the step at which it came."""

    def __init__(self, step: str, error: OSError) -> None:
        super().__init__(*(error.args if error.errno is None else (error.errno, error.strerror, error.filename)))
        self.step = step


class _Step:
    """Says at which step an OSError came."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise _Failed(self._name, error) from error


def _die_with(parent: int) -> None:
    """After the last change of rights: such a change takes it back (prctl(2))."""
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _open_gate(keeper: socket.socket, want: dict[str, Any]) -> None:
    """The one way out: a socket that listens in the program's network namespace and is served outside of it."""
    with _Step("gate"):
        gate = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        gate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        gate.bind((GATE[0], GATE[1] if want["netns"] else 0))
        gate.listen(LISTEN)
    _tell(keeper, {"gate": gate.getsockname()[1]}, gate.fileno())
    gate.close()


def _keep(keeper: socket.socket, pid: int) -> NoReturn:
    """Tell the first process's pid; then wait: for it to end, for the lease to end, for the guard to end."""
    with contextlib.suppress(OSError):
        syscalls.undumpable()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # they are the guard's to act on
    _tell(keeper, {"first": pid})
    timer, child = syscalls.boot_timer(), os.pidfd_open(pid)
    waiting = select.poll()
    for fd in (keeper.fileno(), timer, child):
        waiting.register(fd, select.POLLIN)
    ended = False
    while not ended:
        for fd, _ in waiting.poll():
            if fd in (child, timer) or not _lengthened(keeper, timer):
                ended = True
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    # A first process is gone only when all of its namespace are (pid_namespaces(7)).
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        _tell(keeper, {"ended": os.waitstatus_to_exitcode(status), "at": time.clock_gettime_ns(7) // 1_000_000})
    os._exit(0)


def _lengthened(keeper: socket.socket, timer: int) -> bool:
    """Whether the guard is there and said how long the lease now is."""
    try:
        data = keeper.recv(MESSAGE)
    except OSError:
        return False
    if not data:
        return False
    syscalls.arm(timer, int(json.loads(data)["until"]))
    return True


# The first process


def _first(control: socket.socket, want: dict[str, Any]) -> NoReturn:
    status = STATUS_START
    try:
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        if want["mountns"]:
            with _Step("mountns"):
                _cover(own_proc=want["pidns"])
        _tell(control, {"ready": True})
        data, descriptors, _, _ = socket.recv_fds(control, MESSAGE, 1)
        if not data or not descriptors:  # the guard ended before it began
            os._exit(1)
        with os.fdopen(descriptors[0], "rb") as file:
            run = json.loads(file.read())
        pid = _start(run)
        syscalls.undumpable()
        _tell(control, {"started": pid})
        status = _reap(control, pid, everyone=want["pidns"])
        _tell(control, {"status": status})
    except OSError as error:
        with contextlib.suppress(OSError):
            step = error.step if isinstance(error, _Failed) else "program"
            _tell(control, {"failed": step, "errno": error.errno or 0, "detail": error.strerror or str(error)})
    os._exit(status if 0 <= status < 256 else 1)


def _cover(*, own_proc: bool) -> None:
    if own_proc:
        syscalls.mount("proc", "/proc", "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    for path in COVERED:
        if os.path.isdir(path):  # noqa: PTH112  fewer imports
            read_only = syscalls.MS_RDONLY if path.startswith("/sys") else 0
            syscalls.mount("tmpfs", path, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV | read_only, "mode=1777")


def _start(run: dict[str, Any]) -> int:
    """Start the program; its pid. Raises OSError where it cannot be started, with the step."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _become(run, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read()
    if said:
        os.waitpid(pid, 0)
        told = json.loads(said)
        raise _Failed(told["step"], OSError(told["errno"], told["detail"]))
    return pid


def _become(run: dict[str, Any], report: int) -> NoReturn:
    step = "program"
    try:
        os.setsid()  # no terminal: what it would type there is typed by its user
        os.chdir(run["cwd"])
        step = "own-uid"
        if run["user"] is not None:
            uid, gid, groups = run["user"]
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            syscalls.drop_capabilities()
            os.setresuid(uid, uid, uid)
        else:
            syscalls.drop_capabilities()
        step = "no-new-privs"
        if run["no_new_privs"]:
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
        step = "landlock"
        if run["landlock"] is not None:
            given = run["landlock"]
            ports = (None if given[name] is None else tuple(given[name]) for name in ("connect", "bind"))
            landlock.restrict(landlock.Rules(tuple(given["read"]), tuple(given["write"]), *ports))
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        step = "seccomp"
        if run["seccomp"] is not None:
            seccomp.restrict(run["seccomp"])
        step = "program"
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(run["argv"][0], run["argv"], run["env"])  # noqa: S606  the program itself, without a shell
    except OSError as error:
        detail = error.strerror or str(error)
        os.write(report, json.dumps({"step": step, "errno": error.errno or 0, "detail": detail}).encode())
    os._exit(STATUS_START)


def _reap(control: socket.socket, program: int, *, everyone: bool) -> int:
    """Wait for the program, reap orphans, pass signals on; the program's status, 128 + n for signal n. everyone: this
    is the first process of a namespace, so that -1 means those in it and nobody else."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(reader, select.POLLIN)
    while True:
        # Children first: one may have ended before its signal could wake us.
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid, status = 0, 0
            if pid == program:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            if pid == 0:
                break
        for fd, _ in waiting.poll(1000):
            if fd == reader:
                with contextlib.suppress(BlockingIOError):
                    os.read(reader, 4096)
            else:
                data = control.recv(MESSAGE)
                if not data:
                    os._exit(1)  # the guard has ended; with us all others
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(-1 if everyone else -program, int(json.loads(data)["signal"]))


# Both


def _tell(channel: socket.socket, message: dict[str, Any], *descriptors: int) -> None:
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    channel.sendmsg([json.dumps(message).encode()], ancillary)


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def names(number: int) -> str:
    """An errno by its name, for a table."""
    return errno.errorcode.get(number, str(number))


if __name__ == "__main__":
    main()
