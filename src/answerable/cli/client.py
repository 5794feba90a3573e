# SPDX-License-Identifier: Apache-2.0
"""The command line's way to the service: HTTP over its Unix socket, each request signed by a person's key."""

from __future__ import annotations

import http.client
import json
import socket
import time
from pathlib import Path
from typing import Any

from answerable.admission import proof
from answerable.app.people import Person
from answerable.errors import CATALOGUE, AnswerableError, Refused, Unavailable, VerificationError

TIMEOUT_S = 60.0
_CLASSES: dict[str, type[AnswerableError]] = {
    "refused": Refused,
    "unavailable": Unavailable,
    "verificationerror": VerificationError,
}


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(str(self._path))


class Client:
    """origin: of the log, which proofs are bound to; typ: whose key it is, a person's or a party's (`proof.PARTY`)."""

    def __init__(self, path: Path, origin: str, person: Person, typ: str = proof.PERSON) -> None:
        self._path = path
        self._origin = origin
        self._person = person
        self._typ = typ

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, body)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer. Raises what the service refused with, or Unavailable ``admin.unreachable|answer``."""
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        token = proof.make(
            self._person.key,
            typ=self._typ,
            kid=self._person.kid,
            origin=self._origin,
            method=method,
            path=path,
            body=data,
            now_ms=time.time_ns() // 1_000_000,
        )
        headers = {"authorization": f"Proof {token}", "content-type": "application/json"}
        return exchange(self._path, method, path, data, headers)


def exchange(
    socket_path: Path, method: str, path: str, data: bytes, headers: dict[str, str], seconds: float = TIMEOUT_S
) -> Any:
    """One request on a connection of its own. seconds: longest silence of the service. Raises as `Client.call`."""
    connection = _UnixConnection(socket_path, seconds)
    try:
        connection.request(method, path, body=data or None, headers=headers)
        response = connection.getresponse()
        raw = response.read()
    except (OSError, http.client.HTTPException):
        raise Unavailable("admin.unreachable", socket=str(socket_path)) from None
    finally:
        connection.close()
    try:
        answer = json.loads(raw) if raw else None
    except ValueError:
        raise Unavailable("admin.answer", socket=str(socket_path)) from None
    if response.status >= 400:
        raise _error(answer, socket_path)
    return answer


def _error(answer: Any, socket_path: Path) -> AnswerableError:
    """The service's error as it was raised there."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict) or error.get("code") not in CATALOGUE:
        return Unavailable("admin.answer", socket=str(socket_path))
    params = error.get("params")
    kind = _CLASSES.get(str(error.get("type")), Unavailable)
    return kind(error["code"], **(params if isinstance(params, dict) else {}))
