# SPDX-License-Identifier: Apache-2.0
"""What else is answered on the holders' plane: requests that are answered whole. Rooms above hang their own in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

MAX_BODY: Final = 64 << 10
JSON: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, whole. path: as it was sent; query: without the question mark; headers: names in lower case, of two
    the last; address: of who asks, "" on a Unix socket."""

    method: str
    path: str
    query: str
    headers: Mapping[bytes, bytes]
    body: bytes
    address: str

    @property
    def target(self) -> str:
        """Path and query, as a proof names them (`admission.proof`)."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """idle: how much of what was brought took work and told nothing; it is counted as refusals are."""

    body: bytes
    status: int = 200
    type: bytes = JSON
    idle: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """path: whole, without a query. Where it ends in a slash, what follows it is any path. limit: bytes of a request's
    body. run: raises errors of `answerable.errors`, which are answered in the control plane's shape."""

    method: str
    path: str
    run: Callable[[Call], Awaitable[Answer]]
    limit: int = MAX_BODY

    def takes(self, path: str) -> bool:
        return path.startswith(self.path) if self.path.endswith("/") else path == self.path
