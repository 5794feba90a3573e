# SPDX-License-Identifier: Apache-2.0
"""How a copy asks for its warrant: a request signed by its own key (`docs/spec/warrant.md`, "Asking").

The signature proves that whoever asks holds the key of the copy's registration; `nonce` names the boot, `seq` counts.
"""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.admission.claims import MAX_TEXT
from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError

DOMAIN: Final = b"answerable/warrant-request/v1"
# A request that is older than this may be one that was recorded and is shown again. An issuer that has answered it and
# whose answer still lives gives that answer again all the same: it may have been lost.
WINDOW_MS: Final = 30_000


class WarrantRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """at: when it was made, ms UTC; aud: the gateway or guard that it is for; nonce: 16 random bytes, base64url, chosen
    anew at each boot of the copy; seq: 1 for the first grant of a boot, then one more each time."""

    at: int
    aud: str
    copy: str  # SPIFFE id
    nonce: str
    seq: int


def to_sign(request: WarrantRequest, issuer: str) -> bytes:
    """The bytes that the copy signs: domain || 0x00 || issuer || 0x00 || canonical JSON of the request."""
    return b"\x00".join((DOMAIN, issuer.encode(), canonical.dumps(msgspec.to_builtins(request))))


def check(request: WarrantRequest, signature: str, *, issuer: str, key: str, now_ms: int) -> None:
    """Return if the request was made now, for `issuer`, by the holder of `key` (base64url). Raises Refused
    ``warrant.proof``."""
    signed(request, signature, issuer=issuer, key=key)
    timely(request, now_ms)


def timely(request: WarrantRequest, now_ms: int) -> None:
    """Return if it was made now. Raises Refused ``warrant.proof``."""
    if abs(now_ms - request.at) > WINDOW_MS:
        raise Refused("warrant.proof")


def signed(request: WarrantRequest, signature: str, *, issuer: str, key: str) -> None:
    """Return if the holder of `key` made the request for `issuer`, whenever that was. Raises Refused
    ``warrant.proof``."""
    try:
        if not 1 <= request.seq < 2**53:
            raise Refused("warrant.proof")
        if len(request.aud) > MAX_TEXT or len(request.copy) > MAX_TEXT or len(unb64u(request.nonce)) != 16:
            raise Refused("warrant.proof")
        ed25519.verify(unb64u(key), to_sign(request, issuer), unb64u(signature))
    except VerificationError:
        raise Refused("warrant.proof") from None
