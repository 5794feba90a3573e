# SPDX-License-Identifier: Apache-2.0
"""From an address in the settings to a bus. Secrets come from files, never in an address."""

from __future__ import annotations

import ssl
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from answerable.buses import nats, postgres
from answerable.buses.dialled import Deliver, DialledBus, Line, Lost, Times
from answerable.buses.memory import MemoryBus
from answerable.errors import Refused
from answerable.net.bind import is_loopback
from answerable.ports import Bus


def open_bus(url: str, *, secret_file: str = "", ca_file: str = "", times: Times | None = None) -> Bus:
    """The bus at `url`: ``memory:``, ``postgresql://…`` or ``nats://…`` (``tls://…``). It connects when it is first
    used. secret_file: the database's password, or NATS credentials (``.creds``); ca_file: PEM of the authority behind a
    NATS server's certificate.

    Raises Refused ``bus.address``, ``bus.library``, ``config.value`` for a secret that cannot be read.
    """
    if url in ("", "memory:"):
        return MemoryBus()
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise Refused("bus.address", url="(unreadable)", detail="not a URL") from None
    if parts.password is not None or "password" in parse_qs(parts.query):
        raise Refused("bus.address", url="(hidden)", detail="it holds a password: name a file instead")
    if parts.scheme in ("postgresql", "postgres"):
        _needs("asyncpg", url)
        options: dict[str, Any] = {"dsn": url}
        if secret_file:
            options["password"] = _read(secret_file)

        async def dial(deliver: Deliver, lost: Lost) -> Line:
            return await postgres.PostgresLine.dial(options, deliver, lost)

        return DialledBus(f"postgresql {host or 'local'}", dial, postgres.LARGEST, times or Times())
    if parts.scheme in ("nats", "tls"):
        _needs("nats", url)
        if not (parts.scheme == "tls" or ca_file or is_loopback(host)):
            raise Refused("bus.address", url=url, detail="another machine is reached by tls:// alone")
        more: dict[str, Any] = {}
        if secret_file:
            _read(secret_file)
            more["user_credentials"] = str(Path(secret_file).expanduser())
        if parts.scheme == "tls" or ca_file:
            more["tls"] = _context(ca_file)

        async def call(deliver: Deliver, lost: Lost) -> Line:
            return await nats.NatsLine.dial(url, more, deliver, lost)

        return DialledBus(f"nats {host}", call, nats.LARGEST, times or Times())
    raise Refused("bus.address", url=url[:80], detail="of no kind that is known")


def _needs(package: str, url: str) -> None:
    if find_spec(package) is None:
        raise Refused("bus.library", url=url, package=package)


def _read(name: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Refused("config.value", detail="relay.bus_secret_file cannot be read") from None


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError:
        raise Refused("config.value", detail="relay.bus_ca_file cannot be read") from None
