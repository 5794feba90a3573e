# SPDX-License-Identifier: Apache-2.0
"""One POST of JSON, for the demo's programs, with nothing but the standard library.

No proxy of the environment is asked: a gateway is reached as it is named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

TIMEOUT_S: Final = 120.0
_KINDS: Final = {"http": HTTPConnection, "https": HTTPSConnection}


class Reply(NamedTuple):
    status: int
    text: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> dict[str, Any]:
        """Raises OSError where it is none: what answers is no gateway."""
        try:
            said: dict[str, Any] = json.loads(self.text)
        except ValueError:
            raise OSError("what answers speaks no JSON") from None
        return said


def post(url: str, credential: str, body: object, headers: Mapping[str, str] | None = None) -> Reply:
    """Raises OSError where nobody answers or what answers does not speak HTTP, or the URL is none of http or https."""
    parts = urlsplit(url)
    if parts.scheme not in _KINDS or not parts.hostname:
        raise OSError(f"{url} is no http or https URL")
    own = {"authorization": f"Bearer {credential}", "content-type": "application/json"}
    try:
        connection = _KINDS[parts.scheme](parts.hostname, parts.port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", parts.path or "/", json.dumps(body).encode(), {**own, **(headers or {})})
            reply = connection.getresponse()
            return Reply(reply.status, reply.read().decode("utf-8", "replace"))
        finally:
            connection.close()
    except (HTTPException, ValueError) as error:  # ValueError: a port that is no number, a head that is none
        raise OSError(f"{url} was not asked: {error}") from None
