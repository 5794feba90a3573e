# SPDX-License-Identifier: Apache-2.0
"""The file that makes a guard on any host the holder of one copy: its key, who issues and takes its warrants, whose
word counts on orders and pulses, and where to hear them. Mode 600, since it holds the copy's private key.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Final

import msgspec

from answerable.admission.clocks import ClockMode
from answerable.admission.trust import Trust
from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import KEY_LENGTH, Key
from answerable.errors import Refused, VerificationError
from answerable.guard.sources import Identity

MAX_FILE: Final = 1 << 20
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """copy: SPIFFE id, rid: of its leaf; system: rid of its system, for what is told to the log; issuer, audience: as
    its requests name them; gateway: base URL of the gateway; planes: URLs of the holders' plane (or ``unix:///`` of the
    control socket); relays: URLs of who only carries orders, pulses and receipts; ca_file: PEM for all, "" for the
    system's; issuers, pulses, officers, authorities: kid -> public key, base64url; named: which authority a key of
    theirs belongs to, itself where that is not said; seed: of the copy's private key."""

    v: int
    copy: Text
    rid: Text
    issuer: Text
    audience: Text
    origin: Text
    gateway: Text
    planes: tuple[Text, ...]
    issuers: dict[str, str]
    seed: str
    pulses: dict[str, str] = {}
    officers: dict[str, str] = {}
    authorities: dict[str, str] = {}
    named: dict[str, str] = {}
    relays: tuple[Text, ...] = ()
    system: str = ""
    clock: ClockMode = ClockMode.NTP
    ca_file: str = ""

    def __repr__(self) -> str:
        return f"Enrolment({self.copy!r}, <hidden>)"

    def key(self) -> Key:
        """The copy's. Raises VerificationError ``log.encoding`` for one that is none."""
        return Key.from_seed(unb64u(self.seed))

    def identity(self) -> Identity:
        """Raises VerificationError ``log.encoding`` for keys that are none."""
        key = self.key()
        return Identity(
            key=key,
            public=key.public,
            copy=self.copy,
            rid=self.rid,
            issuer=self.issuer,
            audience=self.audience,
            issuers=_keys(self.issuers),
        )

    def trust(self) -> Trust:
        """Raises as `identity`."""
        return Trust(
            origin=self.origin,
            issuers=_keys(self.issuers),
            pulses=_keys(self.pulses),
            officers=_keys(self.officers),
            authorities=_keys(self.authorities),
            named=self.named,
        )


def draw() -> tuple[str, Key]:
    """A fresh key: its seed, base64url, and itself."""
    seed = os.urandom(KEY_LENGTH)
    return b64u(seed), Key.from_seed(seed)


def read(path: Path) -> Enrolment:
    """Raises Refused ``guard.enrolment`` for a file that is missing, can be read by others, or is none."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise _wrong(path, error.strerror or "it cannot be read") from None
    if mode & 0o077:
        raise _wrong(path, f"its mode is {mode:03o}, wider than 600")
    return parse(data, path)


def parse(data: bytes, path: Path = Path("-")) -> Enrolment:
    """Raises Refused ``guard.enrolment``; nothing else, whatever the bytes."""
    if len(data) > MAX_FILE:
        raise _wrong(path, f"longer than {MAX_FILE} bytes")
    try:
        found = msgspec.json.decode(data, type=Enrolment)
        found.identity()
        found.trust()
    except (msgspec.MsgspecError, UnicodeError):
        raise _wrong(path, "a member that is missing, unknown or misshapen") from None
    except VerificationError:
        raise _wrong(path, "a key that is none") from None
    if found.v != 1 or not found.issuers or not found.planes:
        raise _wrong(path, "another version, or nobody to ask")
    return found


def write(path: Path, enrolment: Enrolment) -> None:
    """A new file of mode 600; never overwrites. Raises Refused ``guard.enrolment``."""
    data = msgspec.json.format(msgspec.json.encode(enrolment)) + b"\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _wrong(path, error.strerror or "it cannot be written") from None


def _keys(given: dict[str, str]) -> dict[str, bytes]:
    found = {kid: unb64u(key) for kid, key in given.items()}
    if any(len(key) != KEY_LENGTH for key in found.values()):
        raise VerificationError("log.encoding", detail="a key that is not 32 bytes")
    return found


def _wrong(path: Path, detail: str) -> Refused:
    return Refused("guard.enrolment", path=str(path), detail=detail)
