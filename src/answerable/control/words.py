# SPDX-License-Identifier: Apache-2.0
"""Words that a signed leaf commits to, as a request brings them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.privacy.statements import MAX_WORDS, Words


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: the words; salt: base64url of the 32 bytes that the signer drew for their commitment."""

    text: Annotated[str, Meta(max_length=MAX_WORDS)]
    salt: Annotated[str, Meta(max_length=64)]

    def of(self, group: str) -> Words:
        """Raises Refused ``privacy.malformed``."""
        try:
            salted = unb64u(self.salt)
        except VerificationError:
            raise Refused("privacy.malformed", detail="a salt that is not base64url") from None
        return Words.of(group, self.text, salted=salted)
