# SPDX-License-Identifier: Apache-2.0
"""Sockets to listen on: TCP on loopback unless TLS is on, Unix sockets that their owner alone can reach."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import stat
from pathlib import Path

from answerable.errors import Refused, Unavailable

BACKLOG = 1024


def is_loopback(host: str) -> bool:
    """Whether `host` is a loopback address or ``localhost``. Any other name is not: what it means may change."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def tcp(host: str, port: int, *, tls: bool, unsafe: bool = False) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises Refused ``config.unsafe_bind`` for an address beyond loopback
    without TLS unless `unsafe`, Unavailable ``request.bind`` if the address cannot be had."""
    if not (tls or unsafe or is_loopback(host)):
        raise Refused("config.unsafe_bind", host=host)
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable("request.bind", address=f"{host}:{port}", detail=error.strerror or "no address") from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise Unavailable("request.bind", address=f"{host}:{port}", detail=error.strerror or "bind failed") from None
    return made


def unix(path: Path) -> socket.socket:
    """A bound Unix socket of mode 600. A socket file that a dead process left is replaced; one that answers is not.

    Raises Unavailable ``request.bind``.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.exists():
            if not stat.S_ISSOCK(path.stat().st_mode) or _answers(path):
                raise FileExistsError(17, "the path is in use")
            path.unlink()
        before = os.umask(0o177)
        try:
            made.bind(str(path))
        finally:
            os.umask(before)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise Unavailable("request.bind", address=str(path), detail=error.strerror or "bind failed") from None
    return made


def private_directory(path: Path) -> Path:
    """`path`, made with mode 700 if it is not there. Raises Unavailable ``request.bind`` if others can look into it."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=True)
    found = path.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Unavailable("request.bind", address=str(path), detail="others can reach the directory")
    return path


def _answers(path: Path) -> bool:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(1.0)
    try:
        probe.connect(str(path))
    except OSError:
        return False
    finally:
        probe.close()
    return True
