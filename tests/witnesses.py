# SPDX-License-Identifier: Apache-2.0
"""A log that grows at will and witnesses with fixed keys, for tests of publication and witnessing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from answerable.crypto import ed25519, mldsa
from answerable.log import checkpoint, note
from answerable.log.head import Checkpoint
from answerable.log.merkle import consistency_proof
from answerable.log.note import Kind, Note, Signature, VerifierKey
from answerable.log.trust import Group, Trust, Witness
from answerable.log.witness import Request
from tests.ledger import ORIGIN, SIGNER
from tests.small_log import SmallLog, fixed

TIME = 1_763_782_764
SAFE = mldsa.Key.from_seed(fixed("safe"))
LOG_KEYS = (VerifierKey.of(ORIGIN, SIGNER.public), VerifierKey.of(ORIGIN, SAFE.public, Kind.MLDSA))


def signer(name: str) -> ed25519.Key:
    return ed25519.Key.from_seed(fixed("witness " + name))


def witness_key(name: str) -> VerifierKey:
    return VerifierKey.of(f"{name}.invalid", signer(name).public, Kind.COSIGNATURE)


def policy(names: Sequence[str] = ("a", "b", "c"), needed: int = 2) -> Trust:
    witnesses = tuple(Witness(name, witness_key(name)) for name in names)
    return Trust(LOG_KEYS, witnesses, (Group("all", needed, tuple(names)),), "all")


def cosigned(data: bytes, names: Iterable[str], time: int = TIME) -> bytes:
    """The note with the cosignatures of the witnesses of these names."""
    read = note.parse(data)
    return note.merged(read, [cosignature(read, name, time) for name in names]).data


def cosignature(read: Note, name: str, time: int = TIME) -> Signature:
    return note.cosign(read.text, witness_key(name), time, signer(name))


def head_note(size: int, root: bytes = bytes(32)) -> bytes:
    """A checkpoint of the log of tests.ledger with both its signatures, over any root."""
    return checkpoint.publish(checkpoint.sign(ORIGIN, size, root, SIGNER), SAFE, TIME)


class Growing:
    """A log of leaves that are numbers. face: another one makes another history."""

    def __init__(self, face: str = "") -> None:
        self._log = SmallLog()
        self._face = face
        self._hashes: list[bytes] = []

    def grow(self, size: int, shared: int = 1 << 30) -> Growing:
        """To `size` leaves; those below `shared` are the same for every face."""
        while len(self._hashes) < size:
            n = len(self._hashes)
            digest = fixed(f"leaf {n} {self._face if n >= shared else ''}")
            self._log.tiles.update(self._log.frontier.append([digest]))
            self._hashes.append(digest)
        return self

    @property
    def head(self) -> Checkpoint:
        return Checkpoint(ORIGIN, len(self._hashes), self._log.frontier.root())

    @property
    def note(self) -> bytes:
        return head_note(self.head.size, self.head.root)

    def proof(self, old: int, new: int) -> list[bytes]:
        return consistency_proof(lambda level, n: self._log.tiles[level, n], old, new) if 0 < old < new else []

    def request(self, old: int) -> Request:
        return Request(old, tuple(self.proof(old, self.head.size)), self.note)
