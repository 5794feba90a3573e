# SPDX-License-Identifier: Apache-2.0
"""Which names a listener answers to: loopback is not trusted, a web page can have a browser call it under a name of its
own (DNS rebinding)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Final

from answerable.errors import Refused

LOOPBACK: Final = (b"localhost", b"127.0.0.1", b"[::1]")


class Hosts:
    """names: without port, answered beside the loopback ones; empty strings are passed over. Raises Refused
    ``config.value`` for what can be no host's name (RFC 5890, RFC 1035 section 2.3.4)."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._known = {*LOOPBACK, *(_form(name) for name in names if name)}

    def __contains__(self, host: object) -> bool:
        """Whether the Host header's value (bytes, with or without port) is one of them."""
        if not isinstance(host, bytes):
            return False
        host = host.lower()
        name, colon, port = host.rpartition(b":")
        return (name if colon and port.isdigit() else host) in self._known


def _form(name: str) -> bytes:
    try:
        if ":" in name and not name.startswith("["):
            return f"[{name}]".lower().encode("ascii")
        return name.lower().encode("idna")
    except UnicodeError:  # an empty label, one that is too long, or letters that no name has
        raise Refused("config.value", detail=f"{name[:80]!r} is no host name") from None


def source(address: str) -> str:
    """Whom an address counts for. Of IPv6, whoever has one has a network of 2**64 (RFC 4291 section 2.5.4)."""
    if ":" not in address:
        return address
    try:
        whole = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(whole.ipv4_mapped or IPv6Address(int(whole) >> 64 << 64))
