# SPDX-License-Identifier: Apache-2.0
"""What the plan functions of this room return, and what each signed statement goes through."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec

from answerable.crypto.b64 import unb64u
from answerable.crypto.random import salt
from answerable.errors import Refused, VerificationError
from answerable.log.commitment import check, commit
from answerable.model.leaves import Commitments, RosterLeaf
from answerable.model.records import Reauthorisation, Stop
from answerable.model.units import EPOCH, Effect, Expect, Payload, Put, Space, Unit
from answerable.ports import Directory

MAX_REASON: Final = 2_000
NONCE_LENGTH: Final = 16

encode_row: Final = msgspec.json.Encoder().encode

Row = TypeVar("Row", Stop, Reauthorisation, RosterLeaf)


@dataclass(frozen=True, slots=True)
class Planned(Generic[Row]):
    """A unit that is ready to be committed. rid: of its leaf; row: what stands in the registry once it is."""

    unit: Unit
    rid: str
    row: Row


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order is given: a commitment in the leaf, its text in the payload store. `repr` hides the text."""

    text: str
    salt: bytes
    body: bytes

    def __repr__(self) -> str:
        return "Reason(<hidden>)"

    @classmethod
    def of(cls, text: str, *, salted: bytes | None = None) -> Reason:
        """The reason as UTF-8 text in NFC. salted: 32 bytes that the signer drew, if it did.
        Raises Refused ``stop.malformed``."""
        normal = unicodedata.normalize("NFC", text).strip()
        if not 0 < len(normal) <= MAX_REASON or any(unicodedata.category(c) in {"Cc", "Cs"} for c in normal):
            raise Refused("stop.malformed", detail=f"a reason that is not 1 to {MAX_REASON} printable characters")
        return cls(normal, salt() if salted is None else salted, normal.encode("utf-8"))

    @property
    def commitments(self) -> Commitments:
        return Commitments(reason=commit("reason", self.salt, self.body))

    def matches(self, commitments: Commitments) -> None:
        """Raises Refused ``stop.malformed`` unless the signed commitments are to this reason and to nothing else."""
        if commitments != Commitments(reason=commitments.reason) or not isinstance(commitments.reason, str):
            raise Refused("stop.malformed", detail="commitments other than its reason")
        try:
            check(commitments.reason, "reason", self.salt, self.body)
        except VerificationError:
            raise Refused("stop.malformed", detail="a reason that is not the one signed") from None

    def payload(self, rid: str) -> Payload:
        return Payload(rid=rid, group="reason", salt=self.salt, body=self.body)


def spend(directory: Directory, nonce: str, now_ms: int) -> tuple[Expect, Put]:
    """A signed statement counts once, for ever. Raises Refused ``stop.malformed`` or ``stop.replayed``."""
    try:
        length = len(unb64u(nonce))
    except VerificationError:
        length = 0
    if length != NONCE_LENGTH:
        raise Refused("stop.malformed", detail="a nonce that is not 16 bytes")
    if directory.raw(Space.NONCES, nonce) is not None:
        raise Refused("stop.replayed")
    return Expect(Space.NONCES, nonce, None), Put(Space.NONCES, nonce, str(now_ms).encode())


def next_epoch(directory: Directory) -> tuple[Expect, Effect]:
    """Every change of the stop set counts, so that whoever looked at the one before must look again."""
    raw = directory.raw(Space.COUNTERS, EPOCH)
    return Expect(Space.COUNTERS, EPOCH, raw), Put(Space.COUNTERS, EPOCH, str(int(raw or b"0") + 1).encode())


def change_of(directory: Directory) -> int:
    """The number that the next change of the stop set gets: what `next_epoch` puts."""
    return int(directory.raw(Space.COUNTERS, EPOCH) or b"0") + 1
