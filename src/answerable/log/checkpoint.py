# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the signed heads of the tree (C2SP tlog-checkpoint). The key's name is the log's origin.

What is stored with every batch bears the Ed25519 signature alone; what is published bears one of ML-DSA-44 beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from answerable.errors import VerificationError
from answerable.log import note as notes
from answerable.log.head import Checkpoint, read
from answerable.log.note import Kind, Note, Signing, VerifierKey

__all__ = ["LOG_KINDS", "SAFE_MEMBER", "Checkpoint", "parse", "parse_vkey", "publish", "sign", "verify", "vkey"]

# What a log may sign with; 0x04 is for witnesses alone.
LOG_KINDS: Final = frozenset({Kind.ED25519, Kind.MLDSA})
SAFE_MEMBER: Final = "answerable.mldsa"  # in `x` of the log's key leaf: the ML-DSA-44 key that comes with it, b64u


def sign(origin: str, size: int, root: bytes, signer: Signing) -> bytes:
    """The signed note. Raises VerificationError ``log.checkpoint`` or ``log.note`` for values that it cannot hold."""
    checkpoint = Checkpoint(origin, size, root)
    text = checkpoint.text
    if read(text) != checkpoint:
        raise VerificationError("log.checkpoint", detail="an origin, size or root of the wrong form")
    return notes.sign(text, origin, signer)


def publish(note: bytes, signer: Signing, time: int) -> bytes:
    """The note of `sign` with the log's ML-DSA-44 signature beside. time: s, POSIX. Raises VerificationError
    ``log.note`` or ``log.checkpoint``."""
    checkpoint, signed = parse(note)
    key = VerifierKey.of(checkpoint.origin, signer.public, Kind.MLDSA)
    return notes.merged(signed, [notes.cosign(signed.text, key, time, signer)]).data


def parse(note: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint in a note and the note, *unverified*: to show, to find keys. Raises VerificationError
    ``log.note`` or ``log.checkpoint``; extension lines are refused, no monitor could audit them."""
    signed = notes.parse(note)
    return read(signed.text), signed


def verify(note: bytes, vkeys: Iterable[VerifierKey | str]) -> Checkpoint:
    """The checkpoint, if a key named as its origin signed it and no signature of a known key is bad. What witnesses
    have to say is asked by `trust.check`.

    vkeys: trusted keys, parsed or as text; of several (a rotation) one suffices. Raises VerificationError ``log.note``,
    ``log.checkpoint``, ``log.signature``, ``log.untrusted``.
    """
    keys = [key if isinstance(key, VerifierKey) else VerifierKey.parse(key) for key in vkeys]
    checkpoint, signed = parse(note)
    if not any(key.name == checkpoint.origin and key.kind in LOG_KINDS for key in notes.verified(signed, keys)):
        raise VerificationError("log.untrusted", origin=checkpoint.origin)
    return checkpoint


def vkey(name: str, public: bytes, kind: Kind = Kind.ED25519) -> str:
    """The verifier key of a log as text: what a trust file holds."""
    return str(VerifierKey.of(name, public, kind))


def parse_vkey(text: str) -> VerifierKey:
    """Raises VerificationError ``log.note``."""
    return VerifierKey.parse(text)
