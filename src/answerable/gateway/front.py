# SPDX-License-Identifier: Apache-2.0
"""What a request's head says: who asks, from where, and under which of our own headers.

Host and Origin are checked on every listener (loopback is not trusted: a web page can have a browser call it, and a
name server can point any name at 127.0.0.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from answerable.errors import Refused
from answerable.log.leaf import is_rid
from answerable.model.terms import Criticality, DataClass, World
from answerable.model.warrants import Credential
from answerable.net.request import Request

HOLD: Final = b"answerable-hold"
DATA_CLASS: Final = b"answerable-data-class"
WORLD: Final = b"answerable-world"
CRITICALITY: Final = b"answerable-criticality"
PRINCIPAL: Final = b"answerable-principal"
ENVELOPE: Final = b"answerable-envelope"  # what an on-site warrant stands on
MAX_VALUE: Final = 256  # bytes of a header of ours
MAX_HOSTS: Final = 64  # ways to write our names that are remembered
MAX_CREDENTIAL: Final = 20_480  # a warrant is at most 16 KiB

_OURS: Final = frozenset({HOLD, DATA_CLASS, WORLD, CRITICALITY, PRINCIPAL})
# What we act upon; of anything else a request may have as many as it likes.
_WANTED: Final = _OURS | {
    b"authorization",
    b"host",
    b"origin",
    b"content-encoding",
    b"content-length",
    ENVELOPE,
    b"content-type",
    b"accept-language",
    b"answerable-idempotency-key",
    b"mcp-protocol-version",
    b"mcp-method",
    b"mcp-name",
    b"mcp-session-id",
}
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")

E = TypeVar("E", bound=StrEnum)
Headers = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Said:
    """Our own headers of one request, understood. fault: the first that was not, refused once its caller is known."""

    data_class: DataClass
    world: World
    criticality: Criticality
    principal: str
    hold: str
    fault: Refused | None = None


class Front:
    """hosts: host names, without port, that are answered beside the loopback ones. origins: values of the Origin header
    that may call from a browser."""

    def __init__(self, hosts: Iterable[str], origins: Iterable[str], data_class: DataClass) -> None:
        self._hosts = {name.lower().encode() for name in (*_LOOPBACK, *hosts)}
        self._origins = {origin.encode() for origin in origins}
        self._silent = Said(data_class, World.INFORMATION, Criticality.ORDINARY, "", "")

    def headers(self, request: Request) -> Headers:
        """All headers, names in lower case. Raises Refused ``request.header`` for one that matters and stands twice:
        two readers could take different ones."""
        found = dict(request.headers)
        if len(found) != len(request.headers):
            seen: set[bytes] = set()
            for name, _ in request.headers:
                if name in seen and (name in _WANTED or name.startswith(b"mcp-param-")):
                    raise Refused("request.header", header=name.decode(), allowed="one value")
                seen.add(name)
        return found

    def check(self, headers: Headers) -> None:
        """Raises Refused ``request.host`` or ``request.origin``."""
        host = headers.get(b"host", b"")
        if host not in self._hosts:
            if _without_port(host.lower()) not in self._hosts:
                raise Refused("request.host")
            if len(self._hosts) < MAX_HOSTS:
                self._hosts.add(host)  # as it is written: most clients write it in one way
        if b"origin" in headers and headers[b"origin"] not in self._origins:
            raise Refused("request.origin")

    def said(self, headers: Headers) -> Said:
        """Our own headers, as far as they stand there."""
        silent = self._silent
        if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
            return _faulty(silent, Refused("request.encoding"))
        if _OURS.isdisjoint(headers):
            return silent
        try:
            return Said(
                _term(headers, DATA_CLASS, silent.data_class),
                _term(headers, WORLD, silent.world),
                _term(headers, CRITICALITY, silent.criticality),
                _text(headers, PRINCIPAL),
                _record(headers, HOLD),
            )
        except Refused as fault:
            return _faulty(silent, fault)


def credential(request: Request, headers: Headers) -> Credential:
    """The bearer credential, "" if there is none or it is of another scheme (RFC 6750 §2.1), and where it came from."""
    value = ""
    given = headers.get(b"authorization", b"")
    if given[:7].lower() == b"bearer " and len(given) <= MAX_CREDENTIAL and given.isascii():
        value = given[7:].strip().decode("ascii")
    envelope = headers.get(ENVELOPE, b"")
    if not (value and len(envelope) <= MAX_CREDENTIAL and envelope.isascii()):
        envelope = b""  # then what stands on it is refused
    return Credential(value, request.connection.peer, envelope.decode("ascii"))


def _without_port(host: bytes) -> bytes:
    name, colon, port = host.rpartition(b":")
    return name if colon and port.isdigit() else host


def _term(headers: Headers, header: bytes, default: E) -> E:
    value = headers.get(header)
    if value is None:
        return default
    kind = type(default)
    try:
        return kind(value.decode("ascii").strip().lower())
    except ValueError:
        raise Refused("request.header", header=header.decode(), allowed=", ".join(kind)) from None


def _text(headers: Headers, header: bytes) -> str:
    value = headers.get(header, b"")
    if len(value) > MAX_VALUE:
        raise Refused("request.header", header=header.decode(), allowed=f"at most {MAX_VALUE} bytes")
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Refused("request.header", header=header.decode(), allowed="UTF-8") from None


def _record(headers: Headers, header: bytes) -> str:
    """A record id: it goes into a leaf, where no free text of a caller's may stand."""
    text = _text(headers, header)
    if text and not is_rid(text):
        raise Refused("request.header", header=header.decode(), allowed="a record id")
    return text


def _faulty(said: Said, fault: Refused) -> Said:
    return Said(said.data_class, said.world, said.criticality, "", "", fault)
