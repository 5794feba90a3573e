# SPDX-License-Identifier: Apache-2.0
"""Payloads: what commitments hide, as rows of sealed bytes; their keys are kept apart (`keyring`).

A row holds the payloads of one batch that expire on one day. Each is sealed under a random key of its own; these keys
stand in the row's list of names, which is sealed under a slot's key. The rows are written in the transaction of their
leaves, so that neither is ever there without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from os import urandom
from struct import Struct
from typing import Final

import msgspec

from answerable.crypto.sealing import KEY_LENGTH, NONCE_LENGTH, seal, unseal
from answerable.errors import Unavailable, VerificationError
from answerable.model.units import Payload, Unit
from answerable.ports.stores import Derive
from answerable.stores.days import LASTING_DAY, by_day
from answerable.stores.postgres.keyring import Keyring
from answerable.stores.postgres.session import Session

SALT_LENGTH: Final = 32
_STEP: Final = 4096  # leaves whose payloads are looked through at a time
_BODIES: Final = 256  # the same where their bodies are read too
# Bytes of a body that count as one payload more, so that the rows of a slot fit into memory and into one statement.
LONG: Final = 16 << 10
_DOMAIN: Final = b"answerable/payload-row/v1"
_BOUND: Final = Struct(">QI")  # first leaf, day
_ROWS: Final = "SELECT first, day, slot, names, body FROM payload WHERE first = $1 ORDER BY day DESC"
_NAMES: Final = """
SELECT first, day, slot, names, ''::bytea FROM payload WHERE first >= $1 AND first < $2 ORDER BY first, day DESC
"""
_WHOLE: Final = """
SELECT first, day, slot, names, body FROM payload WHERE first >= $1 AND first < $2 ORDER BY first, day DESC
"""

# rid, group, key, length of the sealed bytes, whether the body is kept, tags
Name = tuple[str, str, bytes, int, bool, list[bytes]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Name]).decode


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. day: since 1970, UTC, `LASTING_DAY` for what never expires; slot: of its key."""

    first: int
    day: int
    slot: int
    names: bytes
    body: bytes


def packed(ring: Keyring, first: int, units: Iterable[Unit], expires: int, *, bodies: bool) -> list[Row]:
    """The rows of a batch that will begin at leaf `first`, their keys on the disk. expires: ms UTC, of what says
    nothing of its own. Raises Unavailable ``store.*``."""
    days = by_day(units, expires)
    return [_row(ring, first, day, payloads, bodies or day == LASTING_DAY) for day, payloads in days.items()]


def _row(ring: Keyring, first: int, day: int, payloads: Sequence[Payload], bodies: bool) -> Row:
    slot, slot_key = ring.current(day, sum(1 + len(payload.body) // LONG for payload in payloads))
    drawn = urandom((KEY_LENGTH + NONCE_LENGTH) * len(payloads))  # one system call for the batch
    names: list[Name] = []
    pieces: list[bytes] = []
    at = 0
    for payload in payloads:
        key, nonce = drawn[at : at + KEY_LENGTH], drawn[at + KEY_LENGTH : at + KEY_LENGTH + NONCE_LENGTH]
        at += KEY_LENGTH + NONCE_LENGTH
        rid, group = payload.rid, payload.group
        sealed = seal(key, payload.salt + payload.body if bodies else payload.salt, f"{rid}/{group}".encode(), nonce)
        pieces.append(sealed)
        names.append((rid, group, key, len(sealed), bodies, list(payload.tags)))
    return Row(first, day, slot, seal(slot_key, _encode(names), _bound(first, day)), b"".join(pieces))


def keeping(row: Row, names: list[Name], keep: Callable[[Name], bool], slot: int, key: bytes) -> Row | None:
    """The row with those of its payloads that `keep` says, sealed under another slot; None if none is left."""
    kept: list[Name] = []
    pieces: list[bytes] = []
    at = 0
    for name in names:
        if keep(name):
            kept.append(name)
            pieces.append(row.body[at : at + name[3]])
        at += name[3]
    if not kept:
        return None
    return Row(row.first, row.day, slot, seal(key, _encode(kept), _bound(row.first, row.day)), b"".join(pieces))


def opened(ring: Keyring, row: Row) -> list[Name] | None:
    """The row's list of names; None where its key is gone. Raises Unavailable ``store.damaged`` for what does not
    open."""
    key = ring.key(row.day, row.slot)
    if key is None:
        return None
    try:
        return _decode(unseal(key, row.names, _bound(row.first, row.day)))
    except (VerificationError, msgspec.MsgspecError):
        raise Unavailable("store.damaged", detail="names of payloads, or another payload key") from None


def _body(key: bytes, sealed: bytes, rid: str, group: str) -> bytes:
    """b"" for what does not open: what is damaged is told to who reads it."""
    try:
        return unseal(key, sealed, f"{rid}/{group}".encode())[SALT_LENGTH:]
    except VerificationError:
        return b""


class PayloadReads:
    """The reading side. Raises Unavailable ``store.*``."""

    def __init__(self, session: Session, ring: Keyring) -> None:
        self._session = session
        self._ring = ring

    def rows(self, first: int) -> list[Row]:
        """Those of the batch that begins at leaf `first`."""
        return [Row(*row) for row in self._session.rows(_ROWS, first)]

    def get(self, first: int, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) of a payload of the batch that begins at leaf `first`; None if it is not there any more."""
        for row, names in self._open(lambda: self.rows(first)):
            at = 0
            if sum(name[3] for name in names) != len(row.body):
                raise Unavailable("store.damaged", detail=f"payloads of the batch at {first}")
            for its_rid, its_group, key, length, bodies, _ in names:
                if (its_rid, its_group) == (rid, group):
                    try:
                        plain = unseal(key, row.body[at : at + length], f"{rid}/{group}".encode())
                    except VerificationError:
                        raise Unavailable("store.damaged", detail=f"payload {group} of {rid}") from None
                    return plain[:SALT_LENGTH], plain[SALT_LENGTH:] if bodies else None
                at += length
        return None

    def tags(
        self, start: int, end: int, derive: Derive | None = None, only: str = ""
    ) -> list[tuple[bytes, int, str, int]]:
        """(tag, first leaf of the batch, rid, day of expiry) of the batches that begin at leaves [start, end). only: of
        the leaf with that rid."""
        if derive is not None and end - start > _BODIES:  # not more bodies in memory than that
            spans = range(start, end, _BODIES)
            return [row for at in spans for row in self.tags(at, min(end, at + _BODIES), derive, only)]
        asked = _NAMES if derive is None else _WHOLE

        def read() -> list[Row]:
            return [Row(*row) for row in self._session.rows(asked, start, end)]

        found: list[tuple[bytes, int, str, int]] = []
        for row, names in self._open(read):
            at = 0
            for rid, group, key, length, bodies, tags in names:
                if only in ("", rid):
                    found += [(tag, row.first, rid, row.day) for tag in tags]
                    if derive is not None and bodies:
                        body = _body(key, row.body[at : at + length], rid, group)
                        found += [(tag, row.first, rid, row.day) for tag in derive(group, body)]
                at += length
        return found

    def kept(self, size: int) -> list[tuple[int, int, int]]:
        """`ports.StoreView.kept`. size: of the log."""
        found: dict[int, tuple[int, int]] = {}
        for start in range(0, size, _STEP):

            def read(start: int = start) -> list[Row]:
                return [Row(*row) for row in self._session.rows(_NAMES, start, start + _STEP)]

            for row, names in self._open(read):
                for _, _, _, length, _, _ in names:
                    count, bytes_ = found.get(row.day, (0, 0))
                    found[row.day] = (count + 1, bytes_ + length)
        return [(day, *found[day]) for day in sorted(found)]

    def _open(self, read: Callable[[], list[Row]]) -> list[tuple[Row, list[Name]]]:
        """The rows whose keys are there, with their names. A key that is gone may be one that an erasure beside us
        replaced after we had read its row: then the row, read again, names another."""
        missing: set[tuple[int, int]] = set()
        while True:
            rows = read()
            opening = [(row, opened(self._ring, row)) for row in rows]
            gone = {(row.day, row.slot) for row, names in opening if names is None}
            if gone <= missing:
                return [(row, names) for row, names in opening if names is not None]
            missing |= gone


def _bound(first: int, day: int) -> bytes:
    """What a list of names is bound to: it cannot be moved to another batch or day."""
    return _DOMAIN + _BOUND.pack(first, day)
