# SPDX-License-Identifier: Apache-2.0
"""Sessions of revision 2025-11-25 that nobody has to remember: the id itself says what the client can, under our mark.

It lets nobody in: each request shows its own credential, and an id is that caller's alone. It survives a restart, and
there is nothing to fill up or to end.
"""

from __future__ import annotations

import hmac
from binascii import Error
from hashlib import sha256
from typing import Any, Final

import msgspec

from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import Refused, VerificationError

_PURPOSE: Final = b"answerable mcp session 1\0"
_NONCE: Final = 16
_MARK: Final = 16
_FORM: Final = 1
_URL: Final = 2


class Able(msgspec.Struct, frozen=True):
    """How a client can ask its people something (client/elicitation, "Capabilities")."""

    form: bool = False
    url: bool = False

    @property
    def asks(self) -> bool:
        return self.form or self.url


NOTHING: Final = Able()


def able(capabilities: Any) -> Able:
    """What a client says of itself; an empty `elicitation` means forms."""
    said = capabilities.get("elicitation") if isinstance(capabilities, dict) else None
    if not isinstance(said, dict):
        return NOTHING
    url = isinstance(said.get("url"), dict)
    return Able(form=isinstance(said.get("form"), dict) or not url, url=url)


class Sessions:
    """secret: 32 bytes of this gateway's own, kept over restarts."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")

    def mint(self, server: str, copy: str, can: Able, nonce: bytes) -> str:
        """An id for the caller `copy` (the rid of it) at `server`. nonce: 16 random bytes."""
        says = bytes([_FORM * can.form | _URL * can.url]) + nonce
        return b64u(says + self._mark(server, copy, says))

    def read(self, session: str, server: str, copy: str) -> Able:
        """What the client of that session can. Raises Refused ``mcp.session`` for what is not this caller's."""
        try:
            data = unb64u(session)
        except (Error, ValueError, VerificationError):
            raise Refused("mcp.session") from None
        says, mark = data[:-_MARK], data[-_MARK:]
        if len(says) != 1 + _NONCE or not hmac.compare_digest(mark, self._mark(server, copy, says)):
            raise Refused("mcp.session")
        return Able(form=bool(says[0] & _FORM), url=bool(says[0] & _URL))

    def _mark(self, server: str, copy: str, says: bytes) -> bytes:
        return hmac.new(self._key, b"\0".join((server.encode(), copy.encode(), says)), sha256).digest()[:_MARK]
