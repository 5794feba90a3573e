# SPDX-License-Identifier: Apache-2.0
"""What of the kernel the guard stands on, which promise each carries, and what falls without it.

A guard starts only with all of them, but for those that `--unsafe-without` names: then it says which promise fell.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from answerable.errors import Refused, Unavailable
from answerable.guard.cgroup import Cgroup

PROBE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Primitive:
    """promise: what it carries; without: what holds then instead. Both in English and Chinese."""

    name: str
    promise: str
    promise_zh: str
    without: str
    without_zh: str


PRIMITIVES: Final[tuple[Primitive, ...]] = (
    Primitive(
        "pidns",
        "if the guard dies, however it dies, nothing of the program lives on",
        "守护进程无论如何终止，程序的任何部分都不会存活",
        "what detached from the program outlives a killed guard",
        "脱离程序的进程会在守护进程被杀后继续存活",
    ),
    Primitive(
        "cgroup",
        "a stop freezes and kills every process at once; a suspension can be thawed",
        "终止会同时冻结并杀死所有进程；暂停可以解冻",
        "a suspension kills, since nothing can be frozen",
        "无法冻结，因此暂停即为杀死",
    ),
    Primitive(
        "netns",
        "the gate is the only way out over IP; every call carries the warrant or is refused",
        "关口是唯一的 IP 出口；每次调用都携带许可，否则被拒绝",
        "the program reaches whatever this machine reaches, without a warrant, and others on it reach the gate",
        "程序可在没有许可的情况下访问本机可访问的一切，本机其他进程也可访问关口",
    ),
    Primitive(
        "mountns",
        "the program sees its own processes alone, and no cgroup files or shared memory of others",
        "程序只能看到自己的进程，看不到他人的 cgroup 文件与共享内存",
        "it sees this machine's processes and may share memory with those of its user",
        "程序可看到本机进程，并可能与同一用户的进程共享内存",
    ),
    Primitive(
        "landlock",
        "the program reads and writes only the folders that it was given, and traces nobody outside",
        "程序只能读写获准的目录，且不能跟踪外部进程",
        "it reads and writes whatever its user may, key files and stores included",
        "程序可读写其用户可及的一切，包括密钥文件与存储",
    ),
    Primitive(
        "landlock-tcp",
        "the program connects to the gate's port alone and listens on none, even among its own processes",
        "程序只能连接关口端口，且不监听任何端口，其自身进程之间亦然",
        "it opens any TCP port inside its network namespace",
        "程序可在其网络命名空间内打开任意 TCP 端口",
    ),
    Primitive(
        "landlock-scopes",
        "the program signals nobody outside",
        "程序不能向外部进程发送信号",
        "without a PID namespace too, it could signal processes of its user",
        "若同时没有 PID 命名空间，程序可向同一用户的进程发送信号",
    ),
    Primitive(
        "no-new-privs",
        "no program with the set-user-ID bit gives more rights than it has",
        "任何 set-user-ID 程序都不会赋予更多权限",
        "a set-user-ID program may undo what is narrowed here",
        "set-user-ID 程序可能解除此处的限制",
    ),
    Primitive(
        "seccomp",
        "no new namespaces, mounts, tracing, io_uring or kernel machinery; sockets of IPv4, IPv6 and netlink alone",
        "不得新建命名空间、挂载、跟踪、使用 io_uring 或内核机制；仅限 IPv4、IPv6 与 netlink 套接字",
        "a hole in one of those parts of the kernel, or a vsock to the host, is a way out",
        "内核相应部分的漏洞或到宿主机的 vsock 都是出口",
    ),
    Primitive(
        "unix-sockets",
        "no socket file of this machine (D-Bus, a container engine's, an administrator's) is a second way out",
        "本机的套接字文件（D-Bus、容器引擎、管理套接字）都不是第二出口",
        "it reaches every socket file that its user may write to",
        "程序可访问其用户可写的所有套接字文件",
    ),
    Primitive(
        "dumpable",
        "no process of the same user reads the copy's key out of the guard's memory",
        "同一用户的任何进程都无法从守护进程内存中读取副本密钥",
        "another process of the same user, outside, can read the key",
        "外部同一用户的其他进程可读取密钥",
    ),
    Primitive(
        "own-uid",
        "the program is another user than the guard: files and memory of the guard are closed to it twice",
        "程序与守护进程为不同用户：守护进程的文件与内存对其双重封闭",
        "the program is the guard's user: key and memory are closed to it by dumpable, landlock and namespaces alone",
        "程序与守护进程同一用户：密钥与内存仅由 dumpable、landlock 与命名空间封闭",
    ),
)
BY_NAME: Final = {each.name: each for each in PRIMITIVES}


@dataclass(frozen=True, slots=True)
class Found:
    """why: "" where the primitive is there, else what the kernel said. needed: a start without it must be asked for."""

    primitive: Primitive
    why: str
    needed: bool = True

    @property
    def there(self) -> bool:
        return not self.why


def look() -> list[Found]:
    """Every primitive, tried now, by this user, on this machine. Only root must give the program a user of its own: an
    ordinary user cannot, and its key is kept by what else is here. Raises Unavailable ``guard.probe``."""
    said = _probed()
    said["unix-sockets"] = said["seccomp"]
    said["cgroup"] = _cgroup()
    for name in ("pidns", "netns", "mountns"):
        if said["userns"] and said[name]:
            said[name] = f"no user namespace: {said['userns']}"
    root = not said["own-uid"]
    return [Found(each, said[each.name], root or each.name != "own-uid") for each in PRIMITIVES]


def choose(found: Iterable[Found], unsafe: Iterable[str]) -> frozenset[str]:
    """Names of the primitives to stand on: those that are there, less those that `unsafe` does without.

    Raises Refused ``guard.primitive_unknown`` for a name that is none, ``guard.primitive`` for one that is needed, is
    not there and is not in `unsafe`.
    """
    without = frozenset(unsafe)
    for name in sorted(without - BY_NAME.keys()):
        raise Refused("guard.primitive_unknown", name=name, names=", ".join(BY_NAME))
    chosen = set()
    for each in found:
        name = each.primitive.name
        if name in without:
            continue
        if each.there:
            chosen.add(name)
        elif each.needed:
            raise Refused("guard.primitive", name=name, detail=each.why, falls=each.primitive.without)
    return frozenset(chosen)


def _probed() -> dict[str, str]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "answerable.guard.probe"], capture_output=True, timeout=PROBE_S, check=True
        )
        said: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Unavailable("guard.probe", detail=type(error).__name__) from None
    return said


def _cgroup() -> str:
    try:
        Cgroup.make().remove()
    except OSError as error:
        return error.strerror or str(error)
    return ""
