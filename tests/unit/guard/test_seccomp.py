# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.guard import seccomp

LOAD, EQUAL, SET, AND, RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
ALLOW = 0x7FFF0000
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def ruled(
    machine: str,
    number: int,
    argument: int = 0,
    second: int = 0,
    *,
    arch: int | None = None,
    families: tuple[int, ...] = seccomp.FAMILIES,
) -> int:
    """What the filter says, by the definition of classic BPF: an interpreter in ten lines."""
    data = {0: number, 4: seccomp._ARCHES[machine] if arch is None else arch, 16: argument, 24: second}
    steps, at, held = seccomp.program(machine, families), 0, 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == LOAD:
            held = data[value]
        elif code == EQUAL:
            at += yes if held == value else no
        elif code == SET:
            at += yes if held & value else no
        elif code == AND:
            held &= value
        else:
            assert code == RETURN
            return value


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_what_it_refuses_and_what_it_lets_through(machine: str) -> None:
    refused = seccomp.refused(machine)
    assert {"ptrace", "mount", "setns", "unshare", "bpf", "io_uring_setup", "process_vm_readv"} <= set(refused)
    for number in refused.values():
        assert ruled(machine, number) == 0x50000 | 1
    assert ruled(machine, 435) == 0x50000 | 38, "clone3 is said not to exist"
    clone, socket = seccomp._CLONE[machine], seccomp._SOCKET[machine]
    assert ruled(machine, clone, 0x11) == ALLOW, "fork"
    for flag in (0x10000000, 0x40000000, 0x20000000, 0x00020000):
        assert ruled(machine, clone, flag) != ALLOW
    assert [ruled(machine, socket, family) == ALLOW for family in (2, 10, 16, 1, 17, 38, 40)] == [True] * 3 + [
        False
    ] * 4
    assert ruled(machine, 0) == ALLOW
    assert ruled(machine, 0, arch=1) == 0x80000000, "another calling convention is the end"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_pair_of_datagram_sockets_could_be_connected_to_any_socket_file(machine: str) -> None:
    pair, flags = seccomp._SOCKETPAIR[machine], 0o2000000 | 0o4000
    for kind, allowed in ((1, True), (5, True), (2, False), (3, False), (0, False)):
        assert (ruled(machine, pair, 1, kind | flags) == ALLOW) is allowed, kind
    assert ruled(machine, pair, 1, 2, families=(*seccomp.FAMILIES, seccomp.UNIX)) == ALLOW


def test_the_second_convention_of_x86_is_refused() -> None:
    assert ruled("x86_64", 0x40000000 | 1) != ALLOW


@pytest.mark.parametrize("machine", sorted(HEADERS))
def test_the_numbers_are_the_kernels(machine: str) -> None:
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip("the kernel's headers for it are not installed")
    text = header.read_text()
    for name, number in {
        **seccomp.refused(machine),
        "clone": seccomp._CLONE[machine],
        "socket": seccomp._SOCKET[machine],
        "socketpair": seccomp._SOCKETPAIR[machine],
    }.items():
        found = re.search(rf"#define __NR(?:3264)?_{name}\s+(\d+)", text)
        assert found is not None, name
        assert int(found[1]) == number, name


@pytest.mark.skipif(not seccomp.supported(), reason="no table for this architecture")
def test_the_kernel_takes_it() -> None:
    code = """
import json, os, socket
from answerable.guard import seccomp, syscalls
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
seccomp.restrict()
said = []
def tried(what):
    try:
        what()
        said.append(0)
    except OSError as error:
        said.append(error.errno)
tried(lambda: syscalls.unshare(syscalls.CLONE_NEWUSER))
tried(lambda: socket.socket(socket.AF_UNIX))
tried(lambda: socket.socket(40))
tried(lambda: socket.socket(socket.AF_INET))
tried(socket.socketpair)
tried(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
tried(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
tried(lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0))
print(json.dumps(said))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert json.loads(done.stdout) == [1, 97, 97, 0, 0, 0, 1, 0], done.stderr
    assert platform.machine() in HEADERS
