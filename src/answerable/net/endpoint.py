# SPDX-License-Identifier: Apache-2.0
"""Where an HTTP server is: a URL of RFC 3986, or ``unix:///path`` for one behind a Unix socket."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass

from answerable.errors import Refused

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL = 2048  # longer addresses are mistakes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """host, port: of a TCP server, with `tls` where the URL says https. socket: path of a Unix socket instead, or "".
    path: what stands before every request path, without a slash at its end."""

    host: str
    port: int
    path: str
    tls: bool = False
    socket: str = ""

    @property
    def authority(self) -> str:
        """The Host header's value; the port is left out where it is the scheme's own (RFC 9110 §7.2)."""
        if self.socket:
            return "localhost"
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port == _DEFAULT_PORTS["https" if self.tls else "http"]:
            return host
        return f"{host}:{self.port}"


def parse(url: str) -> Endpoint:
    """The endpoint of ``http://``, ``https://`` or ``unix:///`` `url`.

    Raises Refused ``upstream.address`` for anything else; user names, passwords, queries and fragments are refused too:
    a secret comes from a file, never from a URL that is printed.
    """
    refusal = Refused("upstream.address", url=url[:80] if "@" not in url else "(hidden)")
    if len(url) > MAX_URL or not _VISIBLE.fullmatch(url):
        raise refusal
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        raise refusal from None
    if parts.query or parts.fragment or "@" in parts.netloc or "?" in url or "#" in url:
        raise refusal
    if parts.scheme == "unix":
        if parts.netloc or not parts.path.startswith("/"):
            raise refusal
        return Endpoint("", 0, "", socket=urllib.parse.unquote(parts.path))
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        raise refusal
    return Endpoint(
        parts.hostname, port or _DEFAULT_PORTS[parts.scheme], parts.path.rstrip("/"), tls=parts.scheme == "https"
    )
