# SPDX-License-Identifier: Apache-2.0
"""The file that is carried to a site: an envelope, and the public keys that are pinned there. It holds no secret."""

from __future__ import annotations

from pathlib import Path

import msgspec

from answerable.admission.clocks import ClockMode
from answerable.admission.envelope import parse
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.model.envelopes import Envelope

PURPOSE = "onsite"  # of the on-site issuer's key file
MAX_FILE = 1 << 20


class SiteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """issuers, pulses, officers, authorities: kid -> public key, base64url; named: which authority a key belongs to."""

    v: int
    token: str
    origin: str
    issuers: dict[str, str]
    pulses: dict[str, str] = {}
    officers: dict[str, str] = {}
    authorities: dict[str, str] = {}
    named: dict[str, str] = {}

    def envelope(self) -> Envelope:
        """Raises VerificationError ``envelope.*``."""
        return parse(self.token, self.trust().issuers)

    def trust(self) -> Trust:
        """Raises VerificationError ``log.encoding``."""
        return Trust(
            self.origin,
            issuers=_keys(self.issuers),
            pulses=_keys(self.pulses),
            officers=_keys(self.officers),
            authorities=_keys(self.authorities),
            named=self.named,
        )

    def view(self, clock: ClockMode) -> HolderView:
        return HolderView(self.trust(), clock)


def read(path: Path) -> SiteFile:
    """Raises Refused ``config.value``."""
    try:
        data = path.read_bytes()
        if len(data) > MAX_FILE:
            raise ValueError("too long")
        found = msgspec.json.decode(data, type=SiteFile)
        if found.v != 1:
            raise ValueError("another version")
        found.trust()
    except (OSError, ValueError, msgspec.MsgspecError, VerificationError) as error:
        raise Refused("config.value", detail=f"{path}: {error}") from None
    return found


def write(path: Path, site: SiteFile) -> None:
    """A new file; never overwrites. Raises Refused ``config.value``."""
    try:
        with path.open("xb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(site)) + b"\n")
    except OSError as error:
        raise Refused("config.value", detail=f"{path}: {error.strerror}") from None


def _keys(texts: dict[str, str]) -> dict[str, bytes]:
    return {kid: unb64u(text) for kid, text in texts.items()}
