# SPDX-License-Identifier: Apache-2.0
"""Where the database is: a connection URI (PostgreSQL manual, "Connection URIs") without a secret in it.

The password comes from a file of its own, or from a password file that the URI names (``passfile=``). Off this machine
the server must show a certificate that is checked: whoever sits between could otherwise drop records and say that they
were written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from answerable.errors import Refused

SCHEMES: Final = ("postgresql", "postgres")
# Two schemas are made from it, and a name in PostgreSQL has 63 bytes at most.
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_CHECKED: Final = ("verify-full", "verify-ca")
_VARIABLE: Final = "PGPASSWORD"


@dataclass(frozen=True, slots=True)
class Address:
    """url: without a password; schema: of the log's tables; unsafe: take a server that does not keep what it
    acknowledged, and a connection that is not checked."""

    url: str
    schema: str = "answerable"
    password: str = field(default="", repr=False)
    unsafe: bool = False

    @property
    def payload_schema(self) -> str:
        return f"{self.schema}_payloads"

    @property
    def server(self) -> str:
        """Host and database, for messages: it holds no name of a role and no secret."""
        parts = urlsplit(self.url)
        host = _host(self.url) or "local"
        return f"{host}{parts.path if len(parts.path) > 1 else ''} ({self.schema})"

    def options(self) -> dict[str, Any]:
        """For the driver's `connect`."""
        return {"dsn": self.url} | ({"password": self.password} if self.password else {})


def parse(
    url: str,
    *,
    schema: str = "answerable",
    password: bytes | None = None,
    unsafe: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Address:
    """password: what its file holds; one line end is taken off. Raises Refused ``config.value``."""
    try:
        parts, host = urlsplit(url), _host(url)
    except ValueError:
        raise Refused("config.value", detail="store.url: not a URL") from None
    if parts.scheme not in SCHEMES:
        raise Refused("config.value", detail="store.url: it does not begin with postgresql://")
    query = parse_qs(parts.query)
    if parts.password is not None or "password" in query:
        raise Refused("config.value", detail="store.url holds a password: name a file with store.password_file")
    env = os.environ if environ is None else environ
    if _VARIABLE in env and password is None:
        raise Refused("config.value", detail=f"{_VARIABLE} is set: name a file with store.password_file")
    if "service" in query or "PGSERVICE" in env:
        raise Refused("config.value", detail="a service file says more than is checked here: name all in store.url")
    if not _SCHEMA.fullmatch(schema):
        raise Refused("config.value", detail="store.schema: lower-case letters, digits and _, 41 at most")
    # What the URL leaves out the driver takes from these, as libpq does.
    mode = query.get("sslmode", [env.get("PGSSLMODE", "")])[-1]
    if not unsafe and not _local(host or env.get("PGHOST", "")) and mode not in _CHECKED:
        raise Refused("config.value", detail="store.url is of another machine: add sslmode=verify-full")
    return Address(url, schema, _text(password) if password is not None else "", unsafe)


def _text(password: bytes) -> str:
    try:
        text = password.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Refused("config.value", detail="store.password_file: not UTF-8") from None
    if not text or "\x00" in text or "\n" in text:
        raise Refused("config.value", detail="store.password_file: not one line")
    return text


def _host(url: str) -> str:
    """The hosts that the URL names, or ""; a query's `host` counts as the driver counts it."""
    parts = urlsplit(url)
    named = parse_qs(parts.query).get("host", [""])[-1]
    place = parts.netloc.rpartition("@")[2]
    return unquote(named or place)


def _local(hosts: str) -> bool:
    """Whether each host is this machine: none (the system's own socket), a socket's folder, or loopback."""
    return all(_loopback(host) for host in hosts.split(",")) if hosts else True


def _loopback(host: str) -> bool:
    if not host or Path(host).is_absolute():
        return True
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
